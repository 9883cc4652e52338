//! What is no provider, no model or no key is refused with a sentence, and nothing changes.

use http::Method;
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    names_that_are_none_are_refused,
    bodies_that_are_none_are_refused_and_nothing_changes,
    queries_that_are_none_are_refused,
    bodies_over_the_limit_are_413,
);

const NO_PROVIDER: &str =
    "Provider must be 1 to 64 lower-case letters, digits, - or _, and begin with a letter";

async fn names_that_are_none_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "value": "v" });
    let long = "a".repeat(65);
    for name in
        ["OpenAI", "a%20b", "1a", "-a", "a.b", "a%2Fb", "%2e%2e%2f", "a%00", "%ff", "%C3%A4", &long]
    {
        for (path, method) in [
            (format!("/api/providers/{name}"), Method::PUT),
            (format!("/api/providers/{name}"), Method::PATCH),
            (format!("/api/providers/{name}"), Method::DELETE),
            (format!("/api/providers/{name}/models/m"), Method::PUT),
            (format!("/api/providers/{name}/models/m"), Method::DELETE),
        ] {
            let answer = admin.json(method.clone(), &path, &body).await.expect(400);
            assert_eq!(answer.body()["code"], "validation_failed", "{method} {path}");
            let is_model = path.ends_with("/m") && name == "%ff";
            let field = if is_model { "model" } else { "provider" };
            assert_eq!(answer.body()["errors"][0]["field"], field, "{method} {path}");
            if !is_model {
                assert_eq!(answer.body()["detail"], NO_PROVIDER);
            }
        }
    }
    let long = "m".repeat(256);
    for (name, message) in [
        (long.as_str(), "Model must be 255 characters or fewer"),
        ("a%00b", "Model must not contain control characters"),
        ("a%0Ab", "Model must not contain control characters"),
        ("%20", "Model must not begin or end with white space, nor be . or .."),
        ("a%20", "Model must not begin or end with white space, nor be . or .."),
        ("%ff", "Model must be percent-encoded UTF-8"),
    ] {
        let path = format!("/api/providers/openai/models/{name}");
        for method in [Method::PUT, Method::DELETE] {
            let answer = admin.json(method, &path, &body).await;
            let answer = answer.expect_problem(400, "validation_failed", message);
            assert_eq!(answer.body()["errors"], json!([{ "field": "model", "message": message }]));
        }
    }
    // Nothing at all is no path of a model.
    admin.json(Method::PUT, "/api/providers/openai/models/", &body).await.expect(404);
    admin.json(Method::PUT, "/api/providers/", &body).await.expect(404);
    assert_eq!(admin.get("/api/providers").await.expect(200).data(), json!([]));
}

async fn bodies_that_are_none_are_refused_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "value": "v", "note": "n", "baseUrl": "https://x" });
    admin.json(Method::PUT, "/api/providers/p", &body).await.expect(200);
    admin
        .json(Method::PUT, "/api/providers/p/models/m", &json!({ "value": "w" }))
        .await
        .expect(200);
    let before = admin.get("/api/providers").await.expect(200).data();
    let v = "planted-value";
    let values: [(Value, &str, &str); 9] = [
        (json!({}), "value", "Value is required"),
        (json!({ "value": null }), "value", "Value is required"),
        (json!({ "value": "" }), "value", "Value is required"),
        (json!({ "value": 5 }), "value", "Expected a string"),
        (json!({ "value": ["planted"] }), "value", "Expected a string"),
        (json!({ "value": "a\0b" }), "value", "Value must not contain NUL"),
        (json!({ "value": "x".repeat(65_537) }), "value", "Value must be 64 KiB or smaller"),
        (json!({ "value": v, "provider": "q" }), "provider", "Unknown field"),
        (json!([v]), "body", "Expected an object"),
    ];
    let url = "Base URL must look like https://api.example.com/v1";
    let details: [(Value, &str, &str); 5] = [
        (json!({ "value": v, "baseUrl": "api.example.com" }), "baseUrl", url),
        (json!({ "value": v, "baseUrl": "javascript://x" }), "baseUrl", url),
        (
            json!({ "value": v, "baseUrl": "https://user:planted@x" }),
            "baseUrl",
            "Base URL must not contain a user name or password",
        ),
        (json!({ "value": v, "note": "a\nb" }), "note", "Text must not contain control characters"),
        (
            json!({ "value": v, "note": "x".repeat(501) }),
            "note",
            "Text must be 500 characters or fewer",
        ),
    ];
    let check = async |method: Method, path: &str, (body, field, message): &(Value, &str, &str)| {
        let answer = admin.json(method, path, body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"], json!([{ "field": field, "message": message }]));
        assert!(!answer.text.contains("planted"));
    };
    for case in values.iter().chain(&details) {
        check(Method::PUT, "/api/providers/p", case).await;
        check(Method::PUT, "/api/providers/new", case).await;
    }
    for case in &values {
        check(Method::PUT, "/api/providers/p/models/m", case).await;
    }
    for (body, field, message) in details {
        let mut body = body;
        body.as_object_mut().unwrap().remove("value");
        check(Method::PATCH, "/api/providers/p", &(body, field, message)).await;
    }
    let with_value = (json!({ "value": v }), "value", "Unknown field");
    check(Method::PATCH, "/api/providers/p", &with_value).await;
    assert_eq!(admin.get("/api/providers").await.expect(200).data(), before);
    let kept = admin.get("/api/resolve?provider=p&model=m").await.expect(200).data();
    assert_eq!(kept["value"], "w");
}

async fn queries_that_are_none_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let before = app.audit_entries().await;
    let long = format!("provider=p&model={}", "m".repeat(256));
    for (query, field, message) in [
        ("", "provider", "Provider is required"),
        ("model=m", "provider", "Provider is required"),
        ("provider=", "provider", NO_PROVIDER),
        ("provider=P", "provider", NO_PROVIDER),
        ("provider=..", "provider", NO_PROVIDER),
        ("provider=a%2Fb", "provider", NO_PROVIDER),
        ("provider=p&model=", "model", "Model is required"),
        ("provider=p&model=a%0a", "model", "Model must not contain control characters"),
        (long.as_str(), "model", "Model must be 255 characters or fewer"),
        ("provider=p&explain=yes", "explain", "Expected true or false"),
        ("provider=p&provider=q", "provider", "Given twice"),
        ("provider=p&value=true", "value", "Unknown parameter"),
    ] {
        let answer = admin.get(&format!("/api/resolve?{query}")).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{query}");
    }
    assert_eq!(app.audit_entries().await, before);
}

async fn bodies_over_the_limit_are_413(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "value": "x".repeat(500_000) });
    for path in ["/api/providers/p", "/api/providers/p/models/m"] {
        let answer = admin.json(Method::PUT, path, &body).await;
        answer.expect_problem(413, "body_too_large", "The request body is too large");
    }
    // 64 KiB fit, whatever has to be escaped in them.
    let control: String = ('\u{1}'..='\u{1f}').cycle().take(64 * 1024).collect();
    let body = json!({ "value": control });
    admin.json(Method::PUT, "/api/providers/p", &body).await.expect(200);
    let resolved = admin.get("/api/resolve?provider=p").await.expect(200).data();
    assert_eq!(resolved["value"], control);
}
