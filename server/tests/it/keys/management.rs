//! Keys that manage keys: those whose names their scope covers, and with no more than they have.

use http::Method;
use serde_json::{Value, json};

use crate::support::earlier::execute;
use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    a_key_manages_those_whose_names_its_scope_covers,
    a_key_that_may_not_list_does_not_learn_of_others,
    a_key_does_not_manage_itself,
    a_key_gives_only_scopes_that_it_holds,
    a_key_takes_over_none_that_has_more_than_it,
    what_a_key_makes_ends_no_later_and_comes_from_nowhere_else,
    what_a_key_made_names_it,
    what_is_refused_is_recorded,
    a_rename_that_comes_first_counts,
    words_of_an_earlier_version_manage_nothing,
    a_key_reads_the_audit_log_with_its_scope,
);

/// A key that manages others.
pub struct Manager {
    pub client: Client,
    pub id: String,
    pub key: String,
}

impl Manager {
    pub async fn with(app: &App, admin: &Client, body: &Value) -> Self {
        let (id, key) = admin.create_key(body).await;
        Self { client: app.anonymous(), id, key }
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        self.client.send_as(&self.key, method, path, body).await
    }

    pub async fn create(&self, body: &Value) -> Answer {
        self.send(Method::POST, "/api/keys", Some(body)).await
    }

    pub async fn update(&self, id: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, &format!("/api/keys/{id}"), Some(body)).await
    }

    pub async fn rotate(&self, id: &str) -> Answer {
        let body = json!({ "graceSeconds": 60 });
        self.send(Method::POST, &format!("/api/keys/{id}/rotate"), Some(&body)).await
    }

    pub async fn end_overlap(&self, id: &str) -> Answer {
        self.send(Method::DELETE, &format!("/api/keys/{id}/overlap"), None).await
    }

    pub async fn delete(&self, id: &str) -> Answer {
        self.send(Method::DELETE, &format!("/api/keys/{id}"), None).await
    }

    /// All that could be done to a key.
    async fn everything(&self, id: &str) -> Vec<Answer> {
        vec![
            self.update(id, &json!({ "name": "ci-taken-over" })).await,
            self.update(id, &json!({ "enabled": false })).await,
            self.update(id, &json!({ "scopes": [] })).await,
            self.rotate(id).await,
            self.end_overlap(id).await,
            self.delete(id).await,
        ]
    }
}

fn id(answer: Answer) -> String {
    answer.expect(200).data()["id"].as_str().unwrap().to_owned()
}

fn lacks(answer: Answer, scope: &str) {
    let message = format!("This key lacks the scope {scope}");
    answer.expect_problem(403, "missing_scope", &message);
}

#[track_caller]
fn refused(answer: Answer, code: &str) {
    let answer = answer.expect(403);
    assert_eq!(answer.body()["code"], code, "{answer:?}");
}

async fn a_key_manages_those_whose_names_its_scope_covers(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "manager", "scopes": ["keys:read", "keys:write:ci-*", "a:b"] });
    let manager = Manager::with(&app, &admin, &body).await;
    let (other, other_key) = admin.create_key(&json!({ "name": "other" })).await;

    let made = manager.create(&json!({ "name": "ci-1", "scopes": ["a:b"] })).await.expect(200);
    let key = made.data()["key"].as_str().unwrap().to_owned();
    let made = id(made);
    assert_eq!(app.verify(&key).await.expect(200).data()["scopes"], json!(["a:b"]));
    let shown = manager.send(Method::GET, &format!("/api/keys/{made}"), None).await;
    assert_eq!(shown.expect(200).data()["name"], "ci-1");
    let renamed = manager.update(&made, &json!({ "name": "ci-2" })).await.expect(200);
    assert_eq!(renamed.data()["name"], "ci-2");
    let rotated = manager.rotate(&made).await.expect(200).data();
    app.verify(rotated["key"].as_str().unwrap()).await.expect(200);
    app.verify(&key).await.expect(200);
    manager.end_overlap(&made).await.expect(200);
    app.verify(&key).await.expect(401);

    lacks(manager.create(&json!({ "name": "cd-1" })).await, "keys:write:cd-1");
    lacks(manager.update(&made, &json!({ "name": "cd-1" })).await, "keys:write:cd-1");
    let before = admin.keys().await;
    for answer in manager.everything(&other).await {
        lacks(answer, "keys:write:other");
    }
    assert_eq!(admin.keys().await, before, "what was refused changed nothing");
    app.verify(&other_key).await.expect(200);
    manager.delete(&made).await.expect(200);
    manager.delete(&made).await.expect(404);
    let listed = manager.send(Method::GET, "/api/keys", None).await.expect(200).data();
    assert_eq!(listed.as_array().unwrap().len(), 2);
}

async fn a_key_that_may_not_list_does_not_learn_of_others(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "manager", "scopes": ["keys:write:ci-*"] });
    let manager = Manager::with(&app, &admin, &body).await;
    let (other, _) = admin.create_key(&json!({ "name": "other" })).await;
    for key in [other.as_str(), "00000000-0000-0000-0000-000000000000"] {
        for answer in manager.everything(key).await {
            answer.expect_problem(404, "key_not_found", "API key not found");
        }
    }
    for path in ["/api/keys".to_owned(), format!("/api/keys/{other}")] {
        lacks(manager.send(Method::GET, &path, None).await, "keys:read");
    }
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 2);
}

async fn a_key_does_not_manage_itself(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for (name, scopes) in [("wide", json!(["keys:write"])), ("ci-own", json!(["keys:write:ci-*"]))]
    {
        let manager = Manager::with(&app, &admin, &json!({ "name": name, "scopes": scopes })).await;
        for answer in manager.everything(&manager.id).await {
            answer.expect_problem(403, "own_key", "A key cannot manage itself");
        }
        app.verify(&manager.key).await.expect(200);
    }
}

async fn a_key_gives_only_scopes_that_it_holds(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let held = json!(["keys:write", "keys:read", "secrets:read:GITHUB_*", "orders:*", "secrets:*"]);
    let manager = Manager::with(&app, &admin, &json!({ "name": "m", "scopes": held })).await;
    let good = json!({ "name": "n", "scopes": ["secrets:read:GITHUB_TOKEN", "orders:write"] });
    let made = id(manager.create(&good).await);
    for scope in [
        "secrets:read",
        "secrets:read:GITHUB",
        "secrets:write:GITHUB_TOKEN",
        "payments:write",
        "keys:verify",
        // Never one that manages Keyward, even one that it holds.
        "keys:read",
        "keys:write",
        "keys:write:ci-*",
        "providers:write",
        "audit:read",
    ] {
        let message = format!(
            "A key can give only scopes that it holds, and never one that manages Keyward: {scope}"
        );
        let answer = manager.create(&json!({ "name": "x", "scopes": [scope] })).await;
        answer.expect_problem(403, "scope_not_held", &message);
        let answer = manager.update(&made, &json!({ "scopes": [scope] })).await;
        answer.expect_problem(403, "scope_not_held", &message);
    }
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 2);
}

async fn a_key_takes_over_none_that_has_more_than_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "m", "scopes": ["keys:write", "a:b"] });
    let manager = Manager::with(&app, &admin, &body).await;
    for scopes in [json!(["a:b", "secrets:read"]), json!(["keys:read"])] {
        let body = json!({ "name": "t", "scopes": scopes });
        let (target, key) = admin.create_key(&body).await;
        refused(manager.rotate(&target).await, "scope_not_held");
        for body in [
            json!({ "name": "u" }),
            json!({ "scopes": ["a:b", "a:b2"] }),
            json!({ "allowedNetworks": [], "rateLimit": { "requests": 1, "windowSeconds": 1 } }),
            json!({ "enabled": false, "name": "u" }),
        ] {
            refused(manager.update(&target, &body).await, "scope_not_held");
        }
        app.verify(&key).await.expect(200);
        // What only takes away is not refused.
        manager.update(&target, &json!({ "enabled": false })).await.expect(200);
        refused(manager.update(&target, &json!({ "enabled": true })).await, "scope_not_held");
        app.verify(&key).await.expect(401);
        manager.delete(&target).await.expect(200);
    }
}

async fn what_a_key_makes_ends_no_later_and_comes_from_nowhere_else(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let end = "2026-02-01T00:00:00Z";
    let body = json!({
        "name": "m", "scopes": ["keys:write"], "expiresAt": end,
        "allowedNetworks": ["127.0.0.0/8", "10.0.0.0/8"],
    });
    let manager = Manager::with(&app, &admin, &body).await;
    let with = |expiry: Value, networks: Value| json!({ "name": "n", "expiresAt": expiry, "allowedNetworks": networks });
    for expiry in [json!(null), json!("2026-02-01T00:00:01Z")] {
        let answer = manager.create(&with(expiry, json!(["10.0.0.1"]))).await;
        let message = "A key cannot make one that lasts longer than itself";
        answer.expect_problem(403, "outlives", message);
    }
    for networks in [json!([]), json!(["0.0.0.0/0"]), json!(["10.0.0.1", "::1"])] {
        refused(manager.create(&with(json!(end), networks)).await, "other_networks");
    }
    let made = id(manager.create(&with(json!(end), json!(["10.1.0.0/16"]))).await);
    refused(manager.update(&made, &json!({ "expiresAt": null })).await, "outlives");
    refused(manager.update(&made, &json!({ "allowedNetworks": [] })).await, "other_networks");
    manager.update(&made, &json!({ "expiresAt": "2026-01-02T00:00:00Z" })).await.expect(200);
    manager.update(&made, &json!({ "expiresAt": end })).await.expect(200);
    manager.rotate(&made).await.expect(200);
    // Of one that lasts longer it does not get the text.
    let (longer, _) = admin.create_key(&json!({ "name": "longer" })).await;
    refused(manager.rotate(&longer).await, "outlives");
}

async fn what_a_key_made_names_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let scopes = json!(["keys:write", "providers:write"]);
    let body = json!({ "name": "ada@example.com", "scopes": scopes });
    let manager = Manager::with(&app, &admin, &body).await;
    let made = manager.create(&json!({ "name": "n" })).await.expect(200).data();
    assert_eq!(made["createdBy"], "key ada@example.com");
    let body = json!({ "value": "v" });
    let set = manager.send(Method::PUT, "/api/providers/openai", Some(&body)).await;
    assert_eq!(set.expect(200).data()["createdBy"], "key ada@example.com");
    let entries = admin.audit_log("&action=key.create").await;
    assert_eq!(entries[0]["actor"]["kind"], "key");
    assert_eq!(entries[0]["actor"]["name"], "ada@example.com");
}

async fn what_is_refused_is_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "m", "scopes": ["keys:write:ci-*"] });
    let manager = Manager::with(&app, &admin, &body).await;
    let (other, _) = admin.create_key(&json!({ "name": "other" })).await;
    manager.delete(&other).await.expect(404);
    manager.rotate(&manager.id).await.expect(403);
    manager.create(&json!({ "name": "ci-x", "scopes": ["a"] })).await.expect(403);
    let entries = admin.audit_log("&outcome=refused").await;
    let recorded = |n: usize| {
        let of = |member: &str| entries[n][member].as_str().unwrap().to_owned();
        [of("action"), of("target"), of("detail")]
    };
    let held = "A key can give only scopes that it holds, and never one that manages Keyward: a";
    assert_eq!(recorded(0), ["key.create", "ci-x", held]);
    assert_eq!(recorded(1), ["key.rotate", "m", "A key cannot manage itself"]);
    assert_eq!(recorded(2), ["key.delete", "other", "the scope keys:write:other is missing"]);
}

/// The name that counts is the one in the transaction of the change.
async fn a_rename_that_comes_first_counts(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "m", "scopes": ["keys:write:ci-*"] });
    let manager = Manager::with(&app, &admin, &body).await;
    for n in 0..20 {
        let name = format!("ci-{n}");
        let (target, _) = admin.create_key(&json!({ "name": name })).await;
        let path = format!("/api/keys/{target}");
        let away = json!({ "name": format!("prod-{n}") });
        let (renamed, deleted) = tokio::join!(admin.patch(&path, &away), manager.delete(&target));
        let is_there = admin.get(&path).await.status == 200;
        match (renamed.status, deleted.status) {
            (200, 404) => assert!(is_there),
            (404, 200) => assert!(!is_there),
            // Renamed after the key was deleted is not found; both done cannot be.
            other => panic!("{other:?}"),
        }
    }
}

async fn words_of_an_earlier_version_manage_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let scopes = json!(["keys:read", "keys:write", "providers:write", "audit:read", "a"]);
    let body = json!({ "name": "word", "scopes": scopes });
    let manager = Manager::with(&app, &admin, &body).await;
    manager.create(&json!({ "name": "n" })).await.expect(200);
    // What an earlier version would have stored.
    let forget = "UPDATE settings SET value = replace(value, ',\"manages\":true', '') \
                  WHERE type = 'api_key'";
    assert!(execute(&app.state.db, forget, vec![]).await > 0);
    let stored =
        keyward::settings::find_by_key(&app.state.db, keyward::settings::RowType::ApiKey, "word");
    assert!(!stored.await.unwrap().unwrap().value.contains("manages"));
    app.accept().await;
    app.state.keys.refresh().await.unwrap();

    for (method, path, scope) in [
        (Method::GET, "/api/keys", "keys:read"),
        (Method::POST, "/api/keys", "keys:write"),
        (Method::PUT, "/api/providers/openai", "providers:write"),
        (Method::GET, "/api/admin/audit", "audit:read"),
    ] {
        lacks(manager.send(method, path, Some(&json!({ "name": "x" }))).await, scope);
    }
    // To a service they are what they were.
    let path = "/api/verify?scope=keys:write&scope=audit:read";
    let proved = manager.send(Method::GET, path, None).await.expect(200);
    assert_eq!(
        proved.data()["scopes"],
        json!(["a", "audit:read", "keys:read", "keys:write", "providers:write"])
    );

    let changed = async |body: Value| {
        admin.patch(&format!("/api/keys/{}", manager.id), &body).await.expect(200);
        manager.send(Method::GET, "/api/keys", None).await.status
    };
    // Neither by another change, nor by a rotation; only when one is given.
    assert_eq!(changed(json!({ "name": "renamed" })).await, 403);
    assert_eq!(changed(json!({ "scopes": ["keys:read", "keys:write", "b"] })).await, 403);
    // One that is given does not wake the others.
    let path = format!("/api/keys/{}", manager.id);
    let woken = json!({ "scopes": ["keys:read", "providers:write", "keys:verify"] });
    admin.patch(&path, &json!({ "scopes": ["keys:read"] })).await.expect(200);
    let message = "An earlier version stored keys:read on this API key as your own word, which \
                   opens nothing in Keyward. Take it away first; then give what the key needs";
    admin.patch(&path, &woken).await.expect_problem(400, "validation_failed", message);
    assert_eq!(changed(json!({ "scopes": ["b"] })).await, 403);
    assert_eq!(changed(json!({ "scopes": ["keys:read"] })).await, 200);
    assert_eq!(changed(json!({ "enabled": true })).await, 200);
    let rotated = admin.rotated_key(&manager.id, 0).await;
    app.anonymous().get_as(&rotated, "/api/keys").await.expect(200);
    admin.patch(&format!("/api/keys/{}", manager.id), &json!({ "scopes": [] })).await.expect(200);
    app.anonymous().get_as(&rotated, "/api/keys").await.expect(403);
}

async fn a_key_reads_the_audit_log_with_its_scope(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "auditor", "scopes": ["audit:read"] });
    let auditor = Manager::with(&app, &admin, &body).await;
    for path in ["", "/verify", "/verify/progress", "/export"] {
        let path = format!("/api/admin/audit{path}");
        auditor.send(Method::GET, &path, None).await.expect(200);
    }
    let read = admin.audit_log("&action=audit").await;
    assert!(!read.is_empty());
    assert!(read.iter().all(|entry| entry["actor"]["name"] == "auditor"), "{read:?}");
}
