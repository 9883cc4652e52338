//! What the tests ask a server for most, by noun.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Answer, Client, EMAIL, PASSWORD};

/// Sessions.
impl Client {
    /// As the administrator of [`App::start`](super::App::start).
    pub async fn sign_in(&self) -> Answer {
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        self.post("/api/session", &body).await.expect(200)
    }
}

/// API keys.
impl Client {
    /// Creates a key; its id and its text.
    pub async fn create_key(&self, body: &Value) -> (String, String) {
        let data = self.post("/api/keys", body).await.expect(200).data();
        let text = |field: &str| data[field].as_str().unwrap().to_owned();
        (text("id"), text("key"))
    }

    /// All keys as the list shows them.
    pub async fn keys(&self) -> Value {
        self.get("/api/keys").await.expect(200).data()
    }

    pub async fn rotate_key(&self, id: &str, grace: impl Into<Value>) -> Answer {
        let body = json!({ "graceSeconds": grace.into() });
        self.post(&format!("/api/keys/{id}/rotate"), &body).await
    }

    /// The text of the new key.
    pub async fn rotated_key(&self, id: &str, grace: u32) -> String {
        let data = self.rotate_key(id, grace).await.expect(200).data();
        data["key"].as_str().unwrap().to_owned()
    }

    /// Sends this with a key instead of the session.
    pub async fn send_as(
        &self,
        key: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let headers: [(&str, &[u8]); 2] =
            [("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
        self.send(method, path, &headers, body.map(|body| body.to_string().into())).await
    }

    /// With this key instead of the session.
    pub async fn get_as(&self, key: &str, path: &str) -> Answer {
        self.get_with(path, &[("x-api-key", key.as_bytes())]).await
    }

    pub async fn verify(&self, key: &str) -> Answer {
        self.get_as(key, "/api/verify").await
    }

    /// Whether a key is accepted. An address with many refusals is answered 429 instead of 401.
    pub async fn accepts(&self, key: &str) -> bool {
        self.verify(key).await.status == 200
    }

    /// Asks until the key is answered with this status, for 5 seconds.
    pub async fn verify_until(&self, key: &str, status: u16) {
        for _ in 0..50 {
            if self.verify(key).await.status == status {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("the server did not follow: {status} was expected");
    }
}

/// Secrets.
impl Client {
    pub async fn add_secret(&self, key: &str, value: &str) -> Answer {
        self.post("/api/secrets", &json!({ "key": key, "value": value })).await.expect(200)
    }

    pub async fn put_secret(&self, key: &str, body: &Value) -> Answer {
        self.put(&format!("/api/secrets/{key}"), body).await
    }

    /// The value.
    pub async fn secret(&self, key: &str) -> Value {
        self.get(&format!("/api/secrets/{key}")).await.expect(200).data()["value"].take()
    }
}

/// Providers.
impl Client {
    /// At `PROVIDER` or `PROVIDER/models/MODEL`.
    pub async fn put_provider(&self, path: &str, body: &Value) -> Answer {
        self.put(&format!("/api/providers/{path}"), body).await
    }

    /// Stores a key and leaves the rest as it is.
    pub async fn set_provider(&self, path: &str, value: &str) -> Answer {
        self.put_provider(path, &json!({ "value": value })).await.expect(200)
    }

    pub async fn providers(&self) -> Value {
        self.get("/api/providers").await.expect(200).data()
    }

    pub async fn resolve(&self, query: &str) -> Answer {
        self.get(&format!("/api/resolve?{query}")).await
    }

    /// The value.
    pub async fn resolved(&self, query: &str) -> Value {
        self.resolve(query).await.expect(200).data()["value"].take()
    }
}

/// Encryption.
impl Client {
    pub async fn rotate_data_key(&self) -> Answer {
        self.send(Method::POST, "/api/admin/encryption/rotate", &[], None).await
    }

    /// The version and the number of values.
    pub async fn rotated_data_key(&self) -> Value {
        self.rotate_data_key().await.expect(200).data()
    }

    pub async fn encryption(&self) -> Value {
        self.get("/api/admin/encryption").await.expect(200).data()
    }
}

/// The audit log.
impl Client {
    /// The newest entries that the filters select, at most 200.
    pub async fn audit_log(&self, filters: &str) -> Vec<Value> {
        let data =
            self.get(&format!("/api/admin/audit?limit=200{filters}")).await.expect(200).data();
        data.as_array().unwrap().clone()
    }

    pub async fn verify_log(&self) -> Value {
        self.get("/api/admin/audit/verify").await.expect(200).data()
    }
}
