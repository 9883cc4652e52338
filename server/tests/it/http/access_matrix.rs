//! Who may call what. The OpenAPI document is walked: a route without a line here fails.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    every_route_of_the_document_answers_each_caller_as_the_matrix_says,
    the_document_names_the_credentials_of_each_route,
    unknown_routes_and_methods_are_problems,
    no_route_of_the_api_answers_head,
);

/// Operation id, and statuses for anonymous, a session, a key without scope, a key with every known scope.
/// Requests are sent without a body: 400 and 415 mean that the caller was let in.
const MATRIX: [(&str, &str, &str, [u16; 4]); 38] = [
    ("getLiveness", "get", "/livez", [200, 200, 200, 200]),
    ("getReadiness", "get", "/readyz", [200, 200, 200, 200]),
    ("getMetrics", "get", "/metrics", [200, 200, 200, 200]),
    ("getSetup", "get", "/api/setup", [200, 200, 200, 200]),
    ("completeSetup", "post", "/api/setup", [415, 415, 415, 415]),
    ("createSession", "post", "/api/session", [415, 415, 415, 415]),
    ("getSession", "get", "/api/session", [401, 200, 401, 401]),
    ("listKeys", "get", "/api/keys", [401, 200, 401, 401]),
    ("createKey", "post", "/api/keys", [401, 415, 401, 401]),
    ("getKey", "get", "/api/keys/{id}", [401, 404, 401, 401]),
    ("updateKey", "patch", "/api/keys/{id}", [401, 415, 401, 401]),
    ("deleteKey", "delete", "/api/keys/{id}", [401, 404, 401, 401]),
    ("rotateKey", "post", "/api/keys/{id}/rotate", [401, 415, 401, 401]),
    ("endKeyOverlap", "delete", "/api/keys/{id}/overlap", [401, 404, 401, 401]),
    ("verifyKey", "post", "/api/keys/verify", [401, 401, 403, 415]),
    ("verifyCaller", "get", "/api/verify", [401, 401, 200, 200]),
    ("verifyCallerByPost", "post", "/api/verify", [401, 401, 200, 200]),
    ("verifyEnvoyCaller", "get", "/api/verify/envoy/{path}", [401, 401, 200, 200]),
    ("verifyEnvoyCallerByDelete", "delete", "/api/verify/envoy/{path}", [401, 401, 200, 200]),
    ("listSecrets", "get", "/api/secrets", [401, 200, 403, 200]),
    ("createSecret", "post", "/api/secrets", [401, 415, 403, 415]),
    ("getSecret", "get", "/api/secrets/{key}", [401, 404, 403, 404]),
    ("updateSecret", "put", "/api/secrets/{key}", [401, 415, 403, 415]),
    ("deleteSecret", "delete", "/api/secrets/{key}", [401, 404, 403, 404]),
    ("listProviders", "get", "/api/providers", [401, 200, 403, 200]),
    ("setProvider", "put", "/api/providers/{provider}", [401, 415, 401, 401]),
    ("updateProvider", "patch", "/api/providers/{provider}", [401, 415, 401, 401]),
    ("deleteProvider", "delete", "/api/providers/{provider}", [401, 404, 401, 401]),
    ("setModel", "put", "/api/providers/{provider}/models/{model}", [401, 415, 401, 401]),
    ("deleteModel", "delete", "/api/providers/{provider}/models/{model}", [401, 404, 401, 401]),
    ("resolveCredential", "get", "/api/resolve", [401, 400, 403, 400]),
    ("getEncryption", "get", "/api/admin/encryption", [401, 200, 401, 401]),
    ("rotateEncryption", "post", "/api/admin/encryption/rotate", [401, 200, 401, 401]),
    ("listAuditEntries", "get", "/api/admin/audit", [401, 200, 401, 401]),
    ("verifyAuditLog", "get", "/api/admin/audit/verify", [401, 200, 401, 401]),
    ("getAuditVerification", "get", "/api/admin/audit/verify/progress", [401, 200, 401, 401]),
    ("exportAuditLog", "get", "/api/admin/audit/export", [401, 200, 401, 401]),
    // Last, since it ends the session.
    ("deleteSession", "delete", "/api/session", [401, 200, 401, 401]),
];

/// The same handler and layer for every method of these paths.
const ANY_METHOD: [&str; 2] = ["/api/verify", "/api/verify/envoy/{path}"];

async fn document(client: &Client) -> BTreeMap<(String, String), Value> {
    let document = client.get("/api/openapi.json").await.expect(200).body();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut operations = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.insert((method.clone(), path.clone()), operation.clone());
        }
    }
    operations
}

async fn call(client: &Client, method: &str, path: &str, key: Option<&str>) -> Answer {
    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
    let path = path
        .replace("{path}", "a/b")
        .replace("{id}", "00000000-0000-0000-0000-000000000000")
        .replace("{key}", "NOTHING")
        .replace("{provider}", "nobody")
        .replace("{model}", "none");
    let headers: Vec<_> = key.iter().map(|key| ("x-api-key", key.as_bytes())).collect();
    client.send(method, &path, &headers, None).await
}

async fn every_route_of_the_document_answers_each_caller_as_the_matrix_says(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
    let scopes: Vec<&str> = keyward_api::scopes::KNOWN_SCOPES.map(|scope| scope.text).to_vec();
    let (_, with_scopes) = admin.create_key(&json!({ "name": "scoped", "scopes": scopes })).await;
    let anonymous = app.anonymous();

    let mut undecided = document(&anonymous).await;
    assert!(undecided.len() >= 35, "{}", undecided.len());
    for (id, method, path, expected) in MATRIX {
        let described = undecided.remove(&(method.to_owned(), path.to_owned()));
        let described = described.expect("not in the document");
        assert_eq!(described["operationId"], id, "{method} {path}");
        let actual = [
            call(&anonymous, method, path, None).await.status,
            call(&admin, method, path, None).await.status,
            call(&anonymous, method, path, Some(&plain)).await.status,
            call(&anonymous, method, path, Some(&with_scopes)).await.status,
        ];
        assert_eq!(actual, expected, "{method} {path}");
    }
    undecided.retain(|(_, path), _| !ANY_METHOD.contains(&path.as_str()));
    assert!(undecided.is_empty(), "no line in the matrix: {:?}", undecided.keys());
}

async fn the_document_names_the_credentials_of_each_route(backend: Backend) {
    let app = App::start(backend).await;
    let operations = document(&app.anonymous()).await;
    for (_, method, path, statuses) in MATRIX {
        let security = &operations[&(method.to_owned(), path.to_owned())]["security"];
        let expected = match statuses {
            [401, 401, 200, _] => json!([{ "apiKey": [] }, { "bearer": [] }, { "basic": [] }]),
            [401, 401, ..] => json!([{ "apiKey": [] }, { "bearer": [] }]),
            [401, _, 403, _] => json!([{ "session": [] }, { "apiKey": [] }, { "bearer": [] }]),
            [401, ..] => json!([{ "session": [] }]),
            _ => Value::Null,
        };
        assert_eq!(security, &expected, "{method} {path}");
    }
}

async fn unknown_routes_and_methods_are_problems(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    for path in ["/api", "/api/", "/api/nothing", "/api/keys/a/b/c", "/api/verify/x"] {
        client.get(path).await.expect_problem(404, "not_found", "Nothing is here");
    }
    let refused = client.send(Method::PUT, "/api/keys", &[], None).await;
    let message = "This method is not allowed here";
    refused.expect_problem(405, "method_not_allowed", message);
}

async fn no_route_of_the_api_answers_head(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let secret = json!({ "key": "NOTHING", "value": "v" });
    admin.post("/api/secrets", &secret).await.expect(200);
    let provider = json!({ "value": "v" });
    admin.put_provider("nobody", &provider).await.expect(200);
    let recorded = app.audit_entries().await;
    let operations = document(&admin).await;
    let paths = operations.keys().filter(|(method, _)| method == "get").map(|(_, path)| path);
    for path in paths.filter(|path| !ANY_METHOD.contains(&path.as_str())) {
        let answer = call(&admin, "head", path, None).await;
        if !path.starts_with("/api/") {
            answer.expect(200);
            continue;
        }
        let allowed = answer.expect(405).header("allow").to_owned();
        let mut methods: Vec<_> = allowed.split(", ").collect();
        methods.sort_unstable();
        let described = operations.keys().filter(|(_, other)| other == path);
        let described: Vec<_> = described.map(|(method, _)| method.to_uppercase()).collect();
        assert_eq!(methods, described, "{path}");
    }
    let resolve = "/api/resolve?provider=nobody";
    admin.send(Method::HEAD, resolve, &[], None).await.expect(405);
    assert_eq!(app.audit_entries().await, recorded);
    admin.get(resolve).await.expect(200);
    assert_eq!(app.audit_entries().await, recorded + 1);
    // The answer to another method does not name HEAD either.
    let refused = admin.send(Method::PUT, "/api/keys", &[], None).await.expect(405);
    assert_eq!(refused.header("allow"), "GET, POST");
}
