//! The owner works on with a store that was changed, and must not make good what was changed:
//! names, notes and descriptions are written, keys are replaced, values are sealed again.

use std::net::SocketAddr;

use http::Method;
use serde_json::{Value, json};

use crate::http::{Client, Credential};
use crate::oracle::Oracle;

/// What is refused is refused; what comes of the rest is for the oracle.
pub async fn work(oracle: &Oracle<'_>, address: SocketAddr) {
    let client = Client::new();
    let admin = Credential::Session(oracle.store.sessions["admin"].clone());
    let ask = async |method: Method, path: &str, body: Value| {
        client.ask(address, &admin, (method, path), Some(&body)).await
    };
    let list = async |path: &str, field: &str| {
        let rows = client.ask(address, &admin, (Method::GET, path), None).await.data();
        let rows = rows.as_array().cloned().unwrap_or_default();
        let name = |row: &Value| row[field].as_str().map(str::to_owned);
        rows.iter().filter_map(name).collect::<Vec<_>>()
    };
    for id in list("/api/keys", "id").await {
        let limit = json!({ "requests": 1_000_000, "windowSeconds": 60 });
        ask(Method::PATCH, &format!("/api/keys/{id}"), json!({ "rateLimit": limit })).await;
    }
    for name in list("/api/secrets", "key").await {
        ask(Method::PUT, &format!("/api/secrets/{name}"), json!({ "description": "new" })).await;
    }
    for name in list("/api/providers", "provider").await {
        ask(Method::PATCH, &format!("/api/providers/{name}"), json!({ "note": "new" })).await;
    }
    ask(Method::POST, "/api/keys", json!({ "name": "one more", "scopes": [] })).await;
    ask(Method::POST, "/api/admin/encryption/rotate", json!({})).await;
}
