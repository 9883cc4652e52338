//! A back end asks whether the key that a caller presented to it is good.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, on_both_databases};

on_both_databases!(
    each_state_of_a_key_has_its_code,
    what_is_no_question_is_refused,
    a_key_that_was_asked_about_counts_as_used,
);

async fn ask(app: &App, key: &str, body: &Value) -> Answer {
    let headers: [(&str, &[u8]); 2] =
        [("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
    let body = body.to_string().into_bytes();
    app.anonymous().send(Method::POST, "/api/keys/verify", &headers, Some(body)).await
}

async fn each_state_of_a_key_has_its_code(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "back end", "scopes": ["keys:verify"] });
    let (_, asker) = admin.create_key(&body).await;
    let body = json!({
        "name": "caller", "scopes": ["orders:read", "bills:*"], "expiresAt": "2026-01-01T12:00:01Z",
    });
    let (id, caller) = admin.create_key(&body).await;
    let verdict = async |body: Value| ask(&app, &asker, &body).await.expect(200).data();
    let known = |valid: bool, code: &str| {
        json!({
            "valid": valid, "code": code, "keyId": id, "name": "caller",
            "scopes": ["bills:*", "orders:read"],
        })
    };
    let unknown = json!({
        "valid": false, "code": "NOT_FOUND", "keyId": null, "name": null, "scopes": [],
    });
    assert_eq!(verdict(json!({ "key": caller })).await, known(true, "VALID"));
    for scope in ["orders:read", "bills:write"] {
        let body = json!({ "key": caller, "scope": scope });
        assert_eq!(verdict(body).await, known(true, "VALID"), "{scope}");
    }
    let body = json!({ "key": caller, "scope": "orders:write" });
    assert_eq!(verdict(body).await, known(false, "INSUFFICIENT_SCOPE"));
    for other in
        ["kw_unknown", "", " ", "a,b", "\0", "\u{1f511}", &"k".repeat(10_000), &caller[1..]]
    {
        assert_eq!(verdict(json!({ "key": other })).await, unknown, "{other:?}");
    }
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "enabled": false })).await.expect(200);
    assert_eq!(verdict(json!({ "key": caller })).await, known(false, "DISABLED"));
    admin.patch(&path, &json!({ "enabled": true })).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(verdict(json!({ "key": caller })).await, known(false, "EXPIRED"));
    admin.delete(&path).await.expect(200);
    assert_eq!(verdict(json!({ "key": caller })).await, unknown);
}

async fn what_is_no_question_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "back end", "scopes": ["keys:verify"] });
    let (_, asker) = admin.create_key(&body).await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain", "scopes": ["keys:verif"] })).await;
    let question = json!({ "key": plain });
    let message = "This key lacks the scope keys:verify";
    ask(&app, &plain, &question).await.expect_problem(403, "missing_scope", message);
    ask(&app, "kw_unknown", &question).await.expect(401);
    // A session is no key.
    admin.post("/api/keys/verify", &question).await.expect(401);
    for (body, field, message) in [
        (json!({}), "key", "Key is required"),
        (json!({ "key": null }), "key", "Key is required"),
        (json!({ "key": 5 }), "key", "Expected a string"),
        (
            json!({ "key": "k", "scope": "A" }),
            "scope",
            "Scope must look like orders:write (lower case, at most 128 characters)",
        ),
        (json!({ "key": "k", "name": "n" }), "name", "Unknown field"),
    ] {
        let answer = ask(&app, &asker, &body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], field);
    }
    let large = json!({ "key": "k".repeat(70_000) });
    ask(&app, &asker, &large).await.expect(413);
}

async fn a_key_that_was_asked_about_counts_as_used(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "back end", "scopes": ["keys:verify"] });
    let (_, asker) = admin.create_key(&body).await;
    let (id, caller) = admin.create_key(&json!({ "name": "caller" })).await;
    ask(&app, &asker, &json!({ "key": caller })).await.expect(200);
    app.state.keys.flush().await.unwrap();
    let keys = admin.keys().await;
    let listed = keys.as_array().unwrap().iter().find(|key| key["id"] == id.as_str()).unwrap();
    assert_eq!(listed["lastUsedAt"], "2026-01-01T12:00:00Z");
}
