//! A query parameter that a route does not have is refused, and nothing is done.

use http::Method;
use keyward_api::paths;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    a_parameter_that_a_route_does_not_have_is_refused_everywhere,
    a_query_that_is_no_utf8_is_refused,
    forward_auth_and_the_page_have_queries_of_their_own,
);

/// Where the query belongs to the proxy and its client.
const FORWARD_AUTH: &str = "/api/verify";

async fn operations(client: &Client) -> Vec<(Method, String)> {
    let document = client.get("/api/openapi.json").await.expect(200).body();
    let paths = document["paths"].as_object().unwrap().clone();
    let of_path = |(path, item): (String, Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(move |method| {
            (Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), path.clone())
        })
    };
    paths
        .into_iter()
        .filter(|(path, _)| !path.starts_with(FORWARD_AUTH))
        .flat_map(of_path)
        .collect()
}

fn filled(path: &str, id: &str) -> String {
    path.replace("{id}", id)
        .replace("{key}", "A")
        .replace("{provider}", "openai")
        .replace("{model}", "m")
}

#[track_caller]
fn expect_unknown(answer: Answer, parameter: &str) {
    let answer = answer.expect_problem(400, "validation_failed", "Unknown parameter");
    let expected = json!([{ "field": parameter, "message": "Unknown parameter" }]);
    assert_eq!(answer.body()["errors"], expected);
}

async fn a_parameter_that_a_route_does_not_have_is_refused_everywhere(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n", "scopes": ["secrets:write"] })).await;
    admin.add_secret("A", "v").await;
    admin.set_provider("openai", "v").await;
    let before = app.audit_entries().await;
    let all = operations(&admin).await;
    assert!(all.len() >= 30, "{}", all.len());
    // A provider adds parameters of its own to the way back.
    for (method, path) in all.into_iter().filter(|(_, path)| path != paths::OIDC_CALLBACK) {
        let path = filled(&path, &id);
        for (query, parameter) in [
            ("x=1", "x"),
            ("=", "query"),
            ("x", "x"),
            ("%78=1", "x"),
            ("X=1&y=2", "X"),
            ("provider_=openai", "provider_"),
        ] {
            let answer = admin.send(method.clone(), &format!("{path}?{query}"), &[], None).await;
            expect_unknown(answer, parameter);
        }
        // Nothing at all is no parameter; this request does not do anything either.
        let headers = [("x-api-key", key.as_bytes()), ("x-api-key", key.as_bytes())];
        let answer = admin.send(method, &format!("{path}?x=1"), &headers, None).await;
        expect_unknown(answer, "x");
    }
    let head = admin.send(Method::HEAD, "/api/keys?x=1", &[], None).await;
    assert_eq!(head.status, 405);
    let long = "n".repeat(5_000);
    expect_unknown(admin.get(&format!("/api/keys?{long}=1")).await, &long[..64]);
    assert_eq!(app.audit_entries().await, before);
    app.verify(&key).await.expect(200);
    admin.get("/api/keys?").await.expect(200);
    // Described for one route is not described for all.
    admin.resolve("provider=openai&explain=true").await.expect(200);
    expect_unknown(admin.get("/api/secrets?provider=openai").await, "provider");
    expect_unknown(admin.get("/api/admin/encryption?explain=true").await, "explain");
}

async fn a_query_that_is_no_utf8_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for path in ["/api/resolve?provider=openai&model=%ff", "/api/admin/audit?target=%c3"] {
        let answer = admin.get(path).await;
        let message = "The query must be percent-encoded UTF-8";
        answer.expect_problem(400, "validation_failed", message);
    }
    for (query, field) in [
        ("target=%00", "target"),
        ("since=9999-12-31T23:59:59Z&until=later", "until"),
        ("cursor=9223372036854775808", "cursor"),
        ("cursor=-1", "cursor"),
        ("limit=0", "limit"),
        ("limit=1e2", "limit"),
        ("outcome=%F0%9F%94%91", "outcome"),
    ] {
        let answer = admin.get(&format!("/api/admin/audit?{query}")).await.expect(400);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{query}");
    }
    let extremes =
        "since=0000-01-01T00:00:00Z&until=9999-12-31T23:59:59Z&cursor=9223372036854775807";
    admin.get(&format!("/api/admin/audit?{extremes}")).await.expect(200);
}

async fn forward_auth_and_the_page_have_queries_of_their_own(backend: Backend) {
    let app = App::start(backend).await;
    let (_, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let client = app.anonymous();
    for path in ["/api/verify?x=1&%ff", "/api/verify/envoy/orders?scope=a&x=1"] {
        client.get_as(&key, path).await.expect(200);
    }
    client.get_as(&key, "/api/verify?x=1&scope=a").await.expect(403);
    for path in ["/settings/secrets?q=a", "/login?from=%2Fadmin", "/?x=1"] {
        client.get(path).await.expect(200);
    }
}
