//! What is no provider, no model or no key is refused with a sentence, and nothing changes.

use http::Method;
use keyward::audit::Actor;
use keyward_api::providers::{ModelName, ProviderId, SetModel};
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    names_that_are_none_are_refused,
    bodies_that_are_none_are_refused_and_nothing_changes,
    keys_that_cannot_stand_in_a_header_are_refused_and_not_repeated,
    white_space_around_a_key_is_not_kept,
    a_model_is_entered_under_a_name_that_can_be_seen_and_an_older_one_still_works,
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
    admin.put_provider("openai/models/", &body).await.expect(404);
    admin.put_provider("", &body).await.expect(404);
    assert_eq!(admin.providers().await, json!([]));
}

async fn bodies_that_are_none_are_refused_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "value": "v", "note": "n", "baseUrl": "https://x" });
    admin.put_provider("p", &body).await.expect(200);
    admin.set_provider("p/models/m", "w").await;
    let before = admin.providers().await;
    let v = "planted-value";
    let values: [(Value, &str, &str); 9] = [
        (json!({}), "value", "Value is required"),
        (json!({ "value": null }), "value", "Value is required"),
        (json!({ "value": "" }), "value", "Value is required"),
        (json!({ "value": 5 }), "value", "Expected a string"),
        (json!({ "value": ["planted"] }), "value", "Expected a string"),
        (json!({ "value": " \n" }), "value", "Value is required"),
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
    assert_eq!(admin.providers().await, before);
    let kept = admin.resolve("provider=p&model=m").await.expect(200).data();
    assert_eq!(kept["value"], "w");
}

async fn keys_that_cannot_stand_in_a_header_are_refused_and_not_repeated(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p", "kept").await;
    let (providers, entries) = (admin.providers().await, app.audit_entries().await);
    let prefix =
        "Value must be the key alone, without \"Bearer\" or the name of a header before it";
    let control = "Value must not contain line breaks or other control characters: it is sent in a \
                   header";
    let invisible = "Value must not contain invisible characters: it is sent in a header";
    let ascii = "Value must contain ASCII characters only: it is sent in a header";
    for (value, message) in [
        ("Bearer planted", prefix),
        ("bearer\tplanted", prefix),
        ("Authorization: Bearer planted", prefix),
        ("planted\nplanted", control),
        ("planted\0", control),
        ("planted\u{7f}", control),
        ("\u{feff}planted", invisible),
        ("planted\u{200b}", invisible),
        ("\u{202e}planted", invisible),
        ("planted planted", "Value must not contain spaces: it is sent in a header"),
        ("planted\u{a0}planted", "Value must not contain spaces: it is sent in a header"),
        ("planted\u{fc}", ascii),
        ("\u{201c}planted\u{201d}", ascii),
        ("\"planted\"", "Value must not be in quotation marks"),
        ("'planted'\r\n", "Value must not be in quotation marks"),
    ] {
        for path in ["/api/providers/p", "/api/providers/new", "/api/providers/p/models/m"] {
            let answer = admin.put(path, &json!({ "value": value })).await;
            let answer = answer.expect_problem(400, "validation_failed", message);
            assert_eq!(answer.body()["errors"][0]["field"], "value", "{value:?}");
            assert!(!answer.text.contains("planted"), "{}", answer.text);
        }
    }
    assert_eq!(admin.providers().await, providers);
    assert_eq!(app.audit_entries().await, entries);
    let kept = admin.resolve("provider=p").await.expect(200).data();
    assert_eq!(kept["value"], "kept");
    // What is no key of a provider may be a secret, and is kept byte for byte.
    let value = "\u{feff}Bearer \u{fc}\r\n";
    admin.add_secret("A", value).await;
    assert_eq!(admin.secret("A").await, value);
}

async fn white_space_around_a_key_is_not_kept(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for value in ["sk-0123456789\n", "sk-0123456789\r\n", " \tsk-0123456789", "sk-0123456789\u{a0}"]
    {
        for path in ["/api/providers/p", "/api/providers/p/models/m"] {
            admin.put(path, &json!({ "value": value })).await.expect(200);
        }
        for query in ["provider=p", "provider=p&model=m"] {
            let resolved = admin.resolve(query).await.expect(200).data();
            assert_eq!(resolved["value"], "sk-0123456789", "{value:?}");
        }
        let listed = admin.providers().await;
        assert_eq!(listed[0]["hint"], "6789", "{value:?}");
    }
}

async fn a_model_is_entered_under_a_name_that_can_be_seen_and_an_older_one_still_works(
    backend: Backend,
) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let invisible = "Model must not contain invisible characters";
    let spaces = "Model must not contain white space other than single spaces";
    let body = json!({ "value": "v" });
    for (name, message) in [
        ("gpt%E2%80%8B", invisible),
        ("%EF%BB%BFgpt", invisible),
        ("%CC%81", invisible),
        ("%E2%80%AEgpt", "Model must not contain control characters"),
        ("a%C2%A0b", spaces),
        ("a%20%20b", spaces),
    ] {
        let answer = admin.put_provider(&format!("p/models/{name}"), &body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"], json!([{ "field": "model", "message": message }]));
    }
    assert_eq!(admin.providers().await, json!([]));
    // Stored by an older version.
    let old = |text: &str| ModelName::try_from(text.to_owned()).unwrap();
    let provider = ProviderId::try_from("p".to_owned()).unwrap();
    let set: SetModel = serde_json::from_value(body).unwrap();
    let actor = Actor::command_line();
    for name in ["a  b", "gpt\u{200b}"] {
        let (provider, set) = (provider.clone(), set.clone());
        app.state.credentials.set_model(&actor, provider, old(name), set).await.unwrap();
    }
    for encoded in ["a%20%20b", "gpt%E2%80%8B"] {
        let resolved = admin.resolve(&format!("provider=p&model={encoded}")).await;
        assert_eq!(resolved.expect(200).data()["source"], "model");
        admin.delete(&format!("/api/providers/p/models/{encoded}")).await.expect(200);
    }
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
        let answer = admin.resolve(query).await;
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
        let answer = admin.put(path, &body).await;
        answer.expect_problem(413, "body_too_large", "The request body is too large");
    }
    // 64 KiB fit, whatever has to be escaped in them.
    let escaped = "\\u0041".repeat(64 * 1024);
    let body = format!(r#"{{"value":"{escaped}"}}"#).into_bytes();
    let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
    admin.send(Method::PUT, "/api/providers/p", &headers, Some(body)).await.expect(200);
    let resolved = admin.resolve("provider=p").await.expect(200).data();
    assert_eq!(resolved["value"], "A".repeat(64 * 1024));
}
