//! One of each kind of change, and of each read that is recorded, with what it needs to work.

use std::sync::Mutex;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Client, EMAIL, PASSWORD};

/// The keys that any test here has seen, to be presented again.
static PRESENTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// All of them. Those of other tests are unknown everywhere.
pub fn presented() -> Vec<String> {
    PRESENTED.lock().unwrap().clone()
}

#[derive(Clone, Debug)]
pub struct Change {
    pub name: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    /// By whom: the administrator of the test, or a session of its own.
    as_guest: bool,
    /// What the same request answers once it was done.
    again: u16,
}

impl Change {
    /// Asks for it.
    pub async fn send(&self, app: &App, admin: &Client) -> Answer {
        let guest;
        let client = if self.as_guest {
            guest = app.anonymous();
            &guest
        } else {
            admin
        };
        match &self.body {
            Some(body) => client.json(self.method.clone(), &self.path, body).await,
            None => client.send(self.method.clone(), &self.path, &[], None).await,
        }
    }
}

/// What a round of changes is about: its own keys, secrets and providers.
pub struct Round {
    changes: Vec<Change>,
    /// The text of each key, and the name of the change that ends it.
    keys: Vec<(String, &'static str)>,
}

impl Round {
    pub async fn prepare(app: &App, admin: &Client, n: usize) -> Self {
        let mut keys = Vec::new();
        let mut ids = Vec::new();
        for (name, ends_with) in [
            ("rename", ""),
            ("disable", "disable a key"),
            ("rotate", "rotate a key"),
            ("overlap", "end an overlap"),
            ("delete", "delete a key"),
        ] {
            let (id, key) = admin.create_key(&json!({ "name": format!("{name} {n}") })).await;
            PRESENTED.lock().unwrap().push(key.clone());
            keys.push((key, ends_with));
            ids.push(id);
        }
        let rotated = format!("/api/keys/{}/rotate", ids[3]);
        admin.post(&rotated, &json!({ "graceSeconds": 3_600 })).await.expect(200);
        for name in ["CHANGE", "DELETE", "READ"] {
            let secret = json!({ "key": format!("{name}_{n}"), "value": "planted" });
            admin.post("/api/secrets", &secret).await.expect(200);
        }
        let value = json!({ "value": "planted-key" });
        for path in [
            format!("/api/providers/change-{n}"),
            format!("/api/providers/delete-{n}"),
            format!("/api/providers/change-{n}/models/delete"),
        ] {
            admin.put(&path, &value).await.expect(200);
        }
        app.state.keys.flush().await.unwrap();
        Self { changes: all(n, &ids), keys }
    }

    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// Each change was made, or can be made now, as it was answered; and so it is of the keys.
    pub async fn expect_truth(&self, app: &App, admin: &Client, outcomes: &[(&Change, bool)]) {
        for (key, ends_with) in &self.keys {
            let ended = outcomes.iter().any(|(change, made)| *made && change.name == *ends_with);
            assert_eq!(app.accepts(key).await, !ended, "{ends_with}");
        }
        for (change, was_made) in outcomes {
            let answer = change.send(app, admin).await;
            let expected = if *was_made { change.again } else { 200 };
            assert_eq!(answer.status, expected, "{} made {was_made}: {answer:?}", change.name);
        }
        for (key, ends_with) in &self.keys {
            let ended = outcomes.iter().any(|(change, _)| change.name == *ends_with);
            assert_eq!(app.accepts(key).await, !ended, "{ends_with}");
        }
    }
}

fn all(n: usize, ids: &[String]) -> Vec<Change> {
    let change = |name, method, path: String, body, again| Change {
        name,
        method,
        path,
        body,
        as_guest: false,
        again,
    };
    let key = |n: usize| format!("/api/keys/{}", ids[n]);
    let provider = |name| format!("/api/providers/{name}-{n}");
    let value = || Some(json!({ "value": "planted-new" }));
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    let (delete, get) = (Method::DELETE, Method::GET);
    let named = Some(json!({ "name": format!("new {n}") }));
    let renamed = Some(json!({ "name": format!("renamed {n}") }));
    let disabled = Some(json!({ "enabled": false }));
    let at_once = Some(json!({ "graceSeconds": 0 }));
    let secret = Some(json!({ "key": format!("NEW_{n}"), "value": "planted-value" }));
    let sign_in = Some(json!({ "email": EMAIL, "password": PASSWORD }));
    vec![
        change("create a key", post.clone(), "/api/keys".into(), named, 409),
        change("rename a key", patch.clone(), key(0), renamed, 200),
        change("disable a key", patch.clone(), key(1), disabled, 200),
        change("rotate a key", post.clone(), format!("{}/rotate", key(2)), at_once, 200),
        change("end an overlap", delete.clone(), format!("{}/overlap", key(3)), None, 404),
        change("delete a key", delete.clone(), key(4), None, 404),
        change("add a secret", post.clone(), "/api/secrets".into(), secret, 409),
        change("change a secret", put.clone(), format!("/api/secrets/CHANGE_{n}"), value(), 200),
        change("delete a secret", delete.clone(), format!("/api/secrets/DELETE_{n}"), None, 404),
        change("read a secret", get.clone(), format!("/api/secrets/READ_{n}"), None, 200),
        change("enter a provider", put.clone(), provider("new"), value(), 200),
        change("change a provider", patch, provider("change"), Some(json!({ "note": "x" })), 200),
        change("enter a model", put, format!("{}/models/m", provider("change")), value(), 200),
        change(
            "delete a model",
            delete.clone(),
            format!("{}/models/delete", provider("change")),
            None,
            404,
        ),
        change("delete a provider", delete, provider("delete"), None, 404),
        change("resolve a key", get, format!("/api/resolve?provider=change-{n}"), None, 200),
        change(
            "rotate the data key",
            post.clone(),
            "/api/admin/encryption/rotate".into(),
            None,
            200,
        ),
        Change { as_guest: true, ..change("sign in", post, "/api/session".into(), sign_in, 200) },
    ]
}
