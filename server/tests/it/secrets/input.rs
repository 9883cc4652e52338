//! What is no secret is refused with a sentence, and nothing changes.

use http::Method;
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    what_is_no_secret_is_refused_and_nothing_is_added,
    what_is_no_change_is_refused_and_nothing_changes,
    paths_that_can_be_no_key_are_not_found,
    bodies_over_the_limit_are_413,
);

const MALFORMED: &str = "Key must be SCREAMING_SNAKE_CASE (e.g., MY_API_KEY)";

async fn what_is_no_secret_is_refused_and_nothing_is_added(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let v = "planted-value";
    let cases: [(Value, &str, &str); 24] = [
        (json!({}), "key", "Key is required"),
        (json!({ "key": "A" }), "value", "Value is required"),
        (json!({ "key": "", "value": v }), "key", MALFORMED),
        (json!({ "key": "a", "value": v }), "key", MALFORMED),
        (json!({ "key": "MyKey", "value": v }), "key", MALFORMED),
        (json!({ "key": "_A", "value": v }), "key", MALFORMED),
        (json!({ "key": "1A", "value": v }), "key", MALFORMED),
        (json!({ "key": "A-B", "value": v }), "key", MALFORMED),
        (json!({ "key": "A B", "value": v }), "key", MALFORMED),
        (json!({ "key": " A", "value": v }), "key", MALFORMED),
        (json!({ "key": "A\n", "value": v }), "key", MALFORMED),
        (json!({ "key": "A\0", "value": v }), "key", MALFORMED),
        (json!({ "key": "\u{c4}", "value": v }), "key", MALFORMED),
        (json!({ "key": "\u{1f511}", "value": v }), "key", MALFORMED),
        (
            json!({ "key": "A".repeat(256), "value": v }),
            "key",
            "Key must be 255 characters or fewer",
        ),
        (json!({ "key": 5, "value": v }), "key", "Expected a string"),
        (json!({ "key": "A", "value": null }), "value", "Value is required"),
        (json!({ "key": "A", "value": "" }), "value", "Value is required"),
        (json!({ "key": "A", "value": 5 }), "value", "Expected a string"),
        (json!({ "key": "A", "value": "a\0b" }), "value", "Value must not contain NUL"),
        (
            json!({ "key": "A", "value": "x".repeat(65_537) }),
            "value",
            "Value must be 64 KiB or smaller",
        ),
        (
            json!({ "key": "A", "value": v, "description": "x".repeat(501) }),
            "description",
            "Text must be 500 characters or fewer",
        ),
        (
            json!({ "key": "A", "value": v, "description": "a\0b" }),
            "description",
            "Text must not contain control characters",
        ),
        (json!({ "key": "A", "value": v, "id": "x" }), "id", "Unknown field"),
    ];
    for (body, field, message) in cases {
        let answer = admin.post("/api/secrets", &body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"], json!([{ "field": field, "message": message }]));
        assert!(!answer.text.contains("planted"));
    }
    let raw = async |body: &[u8]| {
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        admin.send(Method::POST, "/api/secrets", &headers, Some(body.to_vec())).await
    };
    raw(b"{\"key\":\"A\",\"value\":\"\xff\"}").await.expect(400);
    raw(b"{\"key\":\"A\",\"value\":\"\\ud800\"}").await.expect(400);
    raw(b"not json").await.expect(400);
    raw(b"").await.expect(400);
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
}

async fn what_is_no_change_is_refused_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "key": "A", "value": "v", "description": "d" });
    admin.post("/api/secrets", &body).await.expect(200);
    let before = admin.get("/api/secrets").await.expect(200).data();
    for body in [
        json!({ "key": "B" }),
        json!({ "value": "" }),
        json!({ "value": null }),
        json!({ "value": ["x"] }),
        json!({ "value": "x", "description": "a\nb" }),
        json!({ "value": "x", "createdBy": "me" }),
        json!([]),
    ] {
        admin.put_secret("A", &body).await.expect(400);
    }
    admin.send(Method::PUT, "/api/secrets/A", &[], Some(b"{}".to_vec())).await.expect(415);
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), before);
    assert_eq!(admin.secret("A").await, "v");
}

async fn paths_that_can_be_no_key_are_not_found(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    for path in ["a", "A%00", "A%20", "%2e%2e", "A%2FB", "%ff", "%F0%9F%94%91", &"A".repeat(256)] {
        let path = format!("/api/secrets/{path}");
        for method in [Method::GET, Method::DELETE] {
            admin.send(method, &path, &[], None).await.expect(404);
        }
        admin.put(&path, &json!({ "value": "x" })).await.expect(404);
    }
    admin.get("/api/secrets/A").await.expect(200);
}

async fn bodies_over_the_limit_are_413(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "key": "A", "value": "x".repeat(500_000) });
    let answer = admin.post("/api/secrets", &body).await;
    answer.expect_problem(413, "body_too_large", "The request body is too large");
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
}
