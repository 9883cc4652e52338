//! Editors and keys that manage Keyward: who may give what opens more than they have.

use keyward_api::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, on_both_databases};

on_both_databases!(
    an_editor_gives_no_management,
    an_editor_neither_replaces_nor_widens_a_key_that_manages,
    an_editor_takes_management_away,
);

#[track_caller]
fn needs_admin(answer: Answer) {
    answer.expect_problem(403, "missing_role", "This needs the role admin");
}

async fn an_editor_gives_no_management(backend: Backend) {
    let app = App::start(backend).await;
    let editor = app.person("editor@example.com", Role::Editor).await;
    let (plain, _) = editor.create_key(&json!({ "name": "plain", "scopes": ["a"] })).await;
    for scope in ["keys:read", "keys:write", "keys:write:ci-*", "providers:write", "audit:read"] {
        let body = json!({ "name": "n", "scopes": ["a", scope] });
        needs_admin(editor.post("/api/keys", &body).await);
        let body = json!({ "scopes": [scope] });
        needs_admin(editor.patch(&format!("/api/keys/{plain}"), &body).await);
    }
    let keys = editor.keys().await;
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]["scopes"]), (1, &json!(["a"])));
    let entry = &editor.audit_log("&outcome=refused").await[0];
    assert_eq!(entry["detail"], "This needs the role admin");
}

async fn an_editor_neither_replaces_nor_widens_a_key_that_manages(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, editor) = (app.admin().await, app.person("editor@example.com", Role::Editor).await);
    let body = json!({
        "name": "m", "scopes": ["keys:read", "a"], "expiresAt": "2026-02-01T00:00:00Z",
        "allowedNetworks": ["10.0.0.0/8"],
    });
    let (managing, _) = admin.create_key(&body).await;
    let path = format!("/api/keys/{managing}");
    needs_admin(editor.rotate_key(&managing, 0).await);
    for body in [
        json!({ "name": "n" }),
        json!({ "expiresAt": null }),
        json!({ "allowedNetworks": [] }),
        json!({ "allowedNetworks": ["10.0.0.0/8", "::1"] }),
        json!({ "scopes": ["keys:read", "a", "b"] }),
        json!({ "scopes": ["keys:write", "a"] }),
        json!({ "rateLimit": { "requests": 1, "windowSeconds": 1 } }),
        json!({ "enabled": false, "name": "n" }),
    ] {
        needs_admin(editor.patch(&path, &body).await);
    }
    for body in [
        json!({ "allowedNetworks": ["10.1.0.0/16"] }),
        json!({ "expiresAt": "2026-01-15T00:00:00Z" }),
        json!({ "enabled": false }),
    ] {
        editor.patch(&path, &body).await.expect(200);
    }
    needs_admin(editor.patch(&path, &json!({ "enabled": true })).await);
    admin.patch(&path, &json!({ "enabled": true })).await.expect(200);
    let rotated = admin.rotate_key(&managing, 60).await.expect(200).data();
    assert_eq!((&rotated["name"], &rotated["enabled"]), (&json!("m"), &Value::Bool(true)));
    editor.delete(&format!("{path}/overlap")).await.expect(200);
    editor.delete(&path).await.expect(200);
}

async fn an_editor_takes_management_away(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, editor) = (app.admin().await, app.person("editor@example.com", Role::Editor).await);
    let (managing, key) =
        admin.create_key(&json!({ "name": "m", "scopes": ["keys:read", "a"] })).await;
    app.anonymous().get_as(&key, "/api/keys").await.expect(200);
    let path = format!("/api/keys/{managing}");
    editor.patch(&path, &json!({ "scopes": ["a"] })).await.expect(200);
    app.anonymous().get_as(&key, "/api/keys").await.expect(403);
    // From then on it is a key like others.
    editor.patch(&path, &json!({ "name": "n", "scopes": ["a", "b"] })).await.expect(200);
    needs_admin(editor.patch(&path, &json!({ "scopes": ["keys:read"] })).await);
}
