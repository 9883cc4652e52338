//! Where a key may be presented: in one place, and in the same places on every route.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, on_both_databases};

on_both_databases!(
    a_key_is_taken_from_authorization_wherever_it_is_taken,
    two_credentials_in_one_request_are_401_and_nothing_changes,
    a_request_that_presents_a_key_is_judged_by_the_key_alone,
    basic_is_taken_by_forward_auth_alone_and_only_when_it_is_switched_on,
    both_challenges_are_sent_when_basic_is_switched_on,
);

/// Every kind of route that takes a key: method, path, body, status for a key with all scopes.
fn routes(key: &str) -> [(Method, &'static str, Value, u16); 9] {
    let (get, put) = (Method::GET, Method::PUT);
    [
        (get.clone(), "/api/verify", Value::Null, 200),
        (get.clone(), "/api/verify/envoy/orders", Value::Null, 200),
        (get.clone(), "/api/secrets", Value::Null, 200),
        (get.clone(), "/api/secrets/A", Value::Null, 200),
        (put, "/api/secrets/A", json!({ "value": "v" }), 200),
        (Method::DELETE, "/api/secrets/NOTHING", Value::Null, 404),
        (get.clone(), "/api/providers", Value::Null, 200),
        (get, "/api/resolve?provider=openai", Value::Null, 404),
        (Method::POST, "/api/keys/verify", json!({ "key": key }), 200),
    ]
}

async fn ask(
    client: &Client,
    (method, path, body, _): &(Method, &str, Value, u16),
    credentials: &[(&str, &[u8])],
) -> u16 {
    let body = (!body.is_null()).then(|| body.to_string().into_bytes());
    let json: (&str, &[u8]) = ("content-type", b"application/json");
    let headers: Vec<_> = credentials.iter().copied().chain([json]).collect();
    client.send(method.clone(), path, &headers, body).await.status
}

/// A key with every known scope, on a server with the secret `A`.
async fn prepared(app: &App) -> String {
    let admin = app.admin().await;
    let scopes: Vec<&str> = keyward_api::scopes::KNOWN_SCOPES.map(|scope| scope.text).to_vec();
    admin.add_secret("A", "v").await;
    admin.create_key(&json!({ "name": "all", "scopes": scopes })).await.1
}

fn basic(text: &str) -> String {
    format!("Basic {}", STANDARD.encode(text))
}

async fn a_key_is_taken_from_authorization_wherever_it_is_taken(backend: Backend) {
    let app = App::start(backend).await;
    let key = prepared(&app).await;
    let off = App::with(app.database.shared(), &[("KEYWARD_BEARER", "off")]).await;
    for route in routes(&key) {
        let x_api_key = [("x-api-key", key.as_bytes())];
        for app in [&app, &off] {
            assert_eq!(ask(&app.anonymous(), &route, &x_api_key).await, route.3, "{route:?}");
        }
        for scheme in ["Bearer", "bearer", "ApiKey"] {
            let value = format!("{scheme} {key}");
            let headers = [("authorization", value.as_bytes())];
            let status = ask(&app.anonymous(), &route, &headers).await;
            assert_eq!(status, route.3, "{scheme} {route:?}");
            let status = ask(&off.anonymous(), &route, &headers).await;
            assert_eq!(status, 401, "{scheme}, switched off, {route:?}");
        }
        for wrong in ["Bearer kw_unknown", "Bearer", "ApiKey a b", "Digest x", &key] {
            let headers = [("authorization", wrong.as_bytes())];
            assert_eq!(ask(&app.anonymous(), &route, &headers).await, 401, "{wrong} {route:?}");
        }
    }
}

async fn two_credentials_in_one_request_are_401_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let key = prepared(&app).await;
    let (own, bearer) = (key.as_bytes(), format!("Bearer {key}"));
    let bearer = bearer.as_bytes();
    let secret = json!({ "key": "NEW", "value": "v" }).to_string();
    let refused: [&[(&str, &[u8])]; 6] = [
        &[("x-api-key", own), ("authorization", bearer)],
        &[("x-api-key", own), ("authorization", b"Bearer kw_other")],
        &[("x-api-key", b"kw_other"), ("authorization", bearer)],
        &[("authorization", bearer), ("authorization", bearer)],
        &[("authorization", bearer), ("authorization", b"Digest x")],
        &[("x-api-key", own), ("x-api-key", own)],
    ];
    let client = app.anonymous();
    for credentials in refused {
        for route in routes(&key) {
            assert_eq!(ask(&client, &route, credentials).await, 401, "{route:?}");
        }
        let json: (&str, &[u8]) = ("content-type", b"application/json");
        let headers: Vec<_> = credentials.iter().copied().chain([json]).collect();
        let body = Some(secret.clone().into_bytes());
        let answer = client.send(Method::POST, "/api/secrets", &headers, body).await;
        answer.expect_problem(401, "unauthenticated", "A valid credential is required");
    }
    app.admin().await.get("/api/secrets/NEW").await.expect(404);
}

async fn a_request_that_presents_a_key_is_judged_by_the_key_alone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
    for (value, status) in
        [(format!("Bearer {plain}"), 403), ("Bearer x".into(), 401), ("Digest x".into(), 200)]
    {
        let headers = [("authorization", value.as_bytes())];
        admin.get_with("/api/secrets", &headers).await.expect(status);
    }
}

async fn basic_is_taken_by_forward_auth_alone_and_only_when_it_is_switched_on(backend: Backend) {
    let app = App::start(backend).await;
    let key = prepared(&app).await;
    let on = App::with(app.database.shared(), &[("KEYWARD_BASIC", "on")]).await;
    for user in ["", "x-token", "git"] {
        let value = basic(&format!("{user}:{key}"));
        let headers = [("authorization", value.as_bytes())];
        for route in routes(&key) {
            let expected = if route.1.starts_with("/api/verify") { 200 } else { 401 };
            assert_eq!(ask(&on.anonymous(), &route, &headers).await, expected, "{route:?}");
            assert_eq!(ask(&app.anonymous(), &route, &headers).await, 401, "{route:?}");
        }
    }
    let wrong = [
        basic(&key),
        basic(&format!("{key}:")),
        basic(&format!(":{key}x")),
        basic(&format!(":{key}")).trim_end_matches('=').to_owned() + "A",
        format!("Basic {key}"),
        "Basic".to_owned(),
    ];
    for value in &wrong {
        let headers = [("authorization", value.as_bytes())];
        on.anonymous().get_with("/api/verify", &headers).await.expect(401);
    }
    let other = basic(":b");
    let with_key = [("x-api-key", key.as_bytes()), ("authorization", other.as_bytes())];
    // Switched off, it is for the service behind the proxy; switched on, it is a second key.
    app.anonymous().get_with("/api/verify", &with_key).await.expect(200);
    on.anonymous().get_with("/api/verify", &with_key).await.expect(401);
    let both_off = [("KEYWARD_BASIC", "on"), ("KEYWARD_BEARER", "off")];
    let only_basic = App::with(app.database.shared(), &both_off).await;
    let value = basic(&format!(":{key}"));
    let headers = [("authorization", value.as_bytes())];
    only_basic.anonymous().get_with("/api/verify", &headers).await.expect(200);
}

async fn both_challenges_are_sent_when_basic_is_switched_on(backend: Backend) {
    let app = App::start(backend).await;
    let on = App::with(app.database.shared(), &[("KEYWARD_BASIC", "on")]).await;
    let challenges = async |app: &App, path: &str| -> Vec<String> {
        let answer = app.anonymous().get(path).await.expect(401);
        let values = answer.headers.get_all("www-authenticate").iter();
        values.map(|value| value.to_str().unwrap().to_owned()).collect()
    };
    let api_key = r#"ApiKey realm="keyward", header="x-api-key""#;
    let basic = r#"Basic realm="keyward", charset="UTF-8""#;
    for path in ["/api/verify", "/api/verify/envoy/a"] {
        assert_eq!(challenges(&on, path).await, [basic, api_key], "{path}");
        assert_eq!(challenges(&app, path).await, [api_key], "{path}");
    }
    // A browser would ask the person at the page.
    assert_eq!(challenges(&on, "/api/keys").await, [api_key]);
}
