//! Where the key of a provider is sent is decided by administrators.

use http::Method;
use keyward_api::roles::Role;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, on_both_databases};

on_both_databases!(
    an_editor_changes_all_but_the_base_url,
    a_key_with_the_scope_changes_all_but_the_base_url,
    the_query_of_a_base_url_is_in_no_entry_of_the_log,
);

const URL: &str = "https://api.example.com/v1";

/// Bodies that change the base URL, by what is stored: [`URL`], or none.
fn other_urls() -> [Value; 2] {
    [json!({ "baseUrl": "https://evil.example/v1" }), json!({ "baseUrl": null })]
}

fn with_value(mut body: Value) -> Value {
    body["value"] = json!("sk-new");
    body
}

async fn plays(
    app: &App,
    send: impl AsyncFn(Method, &str, Option<&Value>) -> Answer,
    message: &str,
) {
    let admin = app.admin().await;
    let body = json!({ "value": "sk-first", "baseUrl": URL });
    admin.put_provider("openai", &body).await.expect(200);
    let before = admin.providers().await;
    let path = "/api/providers/openai";
    for body in other_urls() {
        let answer = send(Method::PATCH, path, Some(&body)).await;
        answer.expect_problem(403, "missing_role", message);
        let answer = send(Method::PUT, path, Some(&with_value(body))).await;
        answer.expect_problem(403, "missing_role", message);
    }
    let new = with_value(json!({ "baseUrl": URL }));
    let answer = send(Method::PUT, "/api/providers/anthropic", Some(&new)).await;
    answer.expect_problem(403, "missing_role", message);
    assert_eq!(admin.providers().await, before);
    assert_eq!(admin.resolved("provider=openai").await, "sk-first");

    // The same one is no change.
    send(Method::PUT, path, Some(&with_value(json!({ "baseUrl": URL })))).await.expect(200);
    send(Method::PUT, path, Some(&with_value(json!({})))).await.expect(200);
    send(Method::PATCH, path, Some(&json!({ "baseUrl": URL, "note": "n" }))).await.expect(200);
    let stored = &admin.providers().await[0];
    assert_eq!((&stored["baseUrl"], &stored["note"]), (&json!(URL), &json!("n")));
    assert_eq!(admin.resolved("provider=openai").await, "sk-new");
    let other = with_value(json!({ "baseUrl": null }));
    send(Method::PUT, "/api/providers/anthropic", Some(&other)).await.expect(200);
    let model = json!({ "value": "sk-of-the-model" });
    send(Method::PUT, &format!("{path}/models/m"), Some(&model)).await.expect(200);
    send(Method::DELETE, &format!("{path}/models/m"), None).await.expect(200);
    send(Method::DELETE, path, None).await.expect(200);

    let refused = admin.audit_log("&outcome=refused").await;
    let targets: Vec<_> = refused.iter().map(|it| it["target"].as_str().unwrap()).collect();
    assert!(targets.contains(&"openai") && targets.contains(&"anthropic"), "{targets:?}");
}

async fn an_editor_changes_all_but_the_base_url(backend: Backend) {
    let app = App::start(backend).await;
    let editor = app.person("editor@example.com", Role::Editor).await;
    let send = async |method: Method, path: &str, body: Option<&Value>| match body {
        Some(body) => editor.json(method, path, body).await,
        None => editor.send(method, path, &[], None).await,
    };
    plays(&app, send, "This needs the role admin").await;
}

async fn a_key_with_the_scope_changes_all_but_the_base_url(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n", "scopes": ["providers:write"] })).await;
    let nobody = app.anonymous();
    let send = async |method: Method, path: &str, body: Option<&Value>| {
        nobody.send_as(&key, method, path, body).await
    };
    let message = "Only a person with the role admin changes the base URL of a provider";
    plays(&app, send, message).await;
    nobody.get_as(&key, "/api/resolve?provider=anthropic").await.expect(403);
}

async fn the_query_of_a_base_url_is_in_no_entry_of_the_log(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let with =
        |query: &str| json!({ "value": "v", "baseUrl": format!("https://llm.example/v1?{query}") });
    admin.put_provider("openai", &with("key=planted-1")).await.expect(200);
    let changed = json!({ "baseUrl": "https://llm.example/v2?key=planted-2" });
    admin.patch("/api/providers/openai", &changed).await.expect(200);
    admin.delete("/api/providers/openai").await.expect(200);
    let log = json!(admin.audit_log("").await).to_string();
    assert!(
        log.contains("https://llm.example/v1") && log.contains("base URL https://llm.example/v2"),
        "{log}"
    );
    assert!(!log.contains("planted"), "{log}");
}
