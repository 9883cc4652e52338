//! Who may call what. The OpenAPI document is walked: a route without a line here fails.

use std::collections::BTreeMap;
use std::{env, fs};

use http::Method;
use keyward_api::roles::Role;
use keyward_api::scopes::KNOWN_SCOPES;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    every_route_of_the_document_answers_each_caller_as_the_matrix_says,
    the_document_names_the_credentials_of_each_route,
    unknown_routes_and_methods_are_problems,
    no_route_of_the_api_answers_head,
);

/// Operation id, method, path, and the statuses for anonymous, a viewer, an editor, an administrator,
/// a key without scope, a key with every known scope. Requests are sent without a body: 400 and 415
/// mean that the caller was let in.
const MATRIX: [(&str, &str, &str, [u16; 6]); 60] = [
    ("getLiveness", "get", "/livez", [200, 200, 200, 200, 200, 200]),
    ("getReadiness", "get", "/readyz", [200, 200, 200, 200, 200, 200]),
    ("getMetrics", "get", "/metrics", [200, 200, 200, 200, 200, 200]),
    ("getSetup", "get", "/api/setup", [200, 200, 200, 200, 200, 200]),
    ("completeSetup", "post", "/api/setup", [415, 415, 415, 415, 415, 415]),
    ("createSession", "post", "/api/session", [415, 415, 415, 415, 415, 415]),
    ("getSession", "get", "/api/session", [401, 200, 200, 200, 401, 401]),
    ("updatePassword", "put", "/api/session/password", [401, 415, 415, 415, 401, 401]),
    ("createTotp", "post", "/api/session/totp", [401, 200, 200, 200, 401, 401]),
    ("enableTotp", "put", "/api/session/totp", [401, 415, 415, 415, 401, 401]),
    ("disableTotp", "post", "/api/session/totp/disable", [401, 415, 415, 415, 401, 401]),
    (
        "createRecoveryCodes",
        "post",
        "/api/session/totp/recovery-codes",
        [401, 415, 415, 415, 401, 401],
    ),
    ("listSessions", "get", "/api/sessions", [401, 200, 200, 200, 401, 401]),
    ("endOtherSessions", "delete", "/api/sessions", [401, 200, 200, 200, 401, 401]),
    ("endSession", "delete", "/api/sessions/{id}", [401, 404, 404, 404, 401, 401]),
    ("startSso", "post", "/api/oidc/start", [415, 415, 415, 415, 415, 415]),
    ("completeSso", "get", "/api/oidc/callback", [404, 404, 404, 404, 404, 404]),
    ("getOverview", "get", "/api/overview", [401, 200, 200, 200, 401, 401]),
    ("keepRootKey", "put", "/api/overview/root-key-kept", [401, 403, 403, 200, 401, 401]),
    ("listKeys", "get", "/api/keys", [401, 200, 200, 200, 403, 200]),
    ("createKey", "post", "/api/keys", [401, 403, 415, 415, 403, 415]),
    ("getKey", "get", "/api/keys/{id}", [401, 404, 404, 404, 403, 404]),
    ("updateKey", "patch", "/api/keys/{id}", [401, 403, 415, 415, 403, 415]),
    ("deleteKey", "delete", "/api/keys/{id}", [401, 403, 404, 404, 403, 404]),
    ("rotateKey", "post", "/api/keys/{id}/rotate", [401, 403, 415, 415, 403, 415]),
    ("endKeyOverlap", "delete", "/api/keys/{id}/overlap", [401, 403, 404, 404, 403, 404]),
    ("verifyKey", "post", "/api/keys/verify", [401, 401, 401, 401, 403, 415]),
    ("verifyCaller", "get", "/api/verify", [401, 401, 401, 401, 200, 200]),
    ("verifyCallerByPost", "post", "/api/verify", [401, 401, 401, 401, 200, 200]),
    ("verifyEnvoyCaller", "get", "/api/verify/envoy/{path}", [401, 401, 401, 401, 200, 200]),
    (
        "verifyEnvoyCallerByDelete",
        "delete",
        "/api/verify/envoy/{path}",
        [401, 401, 401, 401, 200, 200],
    ),
    ("listSecrets", "get", "/api/secrets", [401, 200, 200, 200, 403, 200]),
    ("createSecret", "post", "/api/secrets", [401, 403, 415, 415, 403, 415]),
    ("getSecret", "get", "/api/secrets/{key}", [401, 403, 404, 404, 403, 404]),
    ("getSecretAccess", "get", "/api/secrets/{key}/access", [401, 404, 404, 404, 401, 401]),
    ("updateSecret", "put", "/api/secrets/{key}", [401, 403, 415, 415, 403, 415]),
    ("deleteSecret", "delete", "/api/secrets/{key}", [401, 403, 404, 404, 403, 404]),
    ("listProviders", "get", "/api/providers", [401, 200, 200, 200, 403, 200]),
    ("setProvider", "put", "/api/providers/{provider}", [401, 403, 415, 415, 403, 415]),
    ("updateProvider", "patch", "/api/providers/{provider}", [401, 403, 415, 415, 403, 415]),
    ("deleteProvider", "delete", "/api/providers/{provider}", [401, 403, 404, 404, 403, 404]),
    ("setModel", "put", "/api/providers/{provider}/models/{model}", [401, 403, 415, 415, 403, 415]),
    (
        "deleteModel",
        "delete",
        "/api/providers/{provider}/models/{model}",
        [401, 403, 404, 404, 403, 404],
    ),
    ("resolveCredential", "get", "/api/resolve", [401, 400, 400, 400, 403, 400]),
    ("listReplicas", "get", "/api/admin/replicas", [401, 403, 403, 200, 401, 401]),
    ("getEncryption", "get", "/api/admin/encryption", [401, 403, 403, 200, 401, 401]),
    ("rotateEncryption", "post", "/api/admin/encryption/rotate", [401, 403, 403, 200, 401, 401]),
    ("listAuditEntries", "get", "/api/admin/audit", [401, 200, 200, 200, 403, 200]),
    ("verifyAuditLog", "get", "/api/admin/audit/verify", [401, 200, 200, 200, 403, 200]),
    (
        "getAuditVerification",
        "get",
        "/api/admin/audit/verify/progress",
        [401, 200, 200, 200, 403, 200],
    ),
    ("exportAuditLog", "get", "/api/admin/audit/export", [401, 200, 200, 200, 403, 200]),
    ("listUsers", "get", "/api/users", [401, 403, 403, 200, 401, 401]),
    ("updateUser", "patch", "/api/users/{id}", [401, 403, 403, 415, 401, 401]),
    ("deleteUser", "delete", "/api/users/{id}", [401, 403, 403, 404, 401, 401]),
    ("listInvitations", "get", "/api/users/invitations", [401, 403, 403, 200, 401, 401]),
    ("createInvitation", "post", "/api/users/invitations", [401, 403, 403, 415, 401, 401]),
    ("deleteInvitation", "delete", "/api/users/invitations/{id}", [401, 403, 403, 404, 401, 401]),
    ("checkInvitation", "post", "/api/invitation/check", [415, 415, 415, 415, 415, 415]),
    ("acceptInvitation", "post", "/api/invitation", [415, 415, 415, 415, 415, 415]),
    // Last, since it ends the session.
    ("deleteSession", "delete", "/api/session", [401, 200, 200, 200, 401, 401]),
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
    let callers = Callers::of(&app).await;
    let mut undecided = document(&callers.anonymous).await;
    assert!(undecided.len() >= 38, "{}", undecided.len());
    let mut doc = Vec::new();
    for (id, method, path, expected) in MATRIX {
        let described = undecided.remove(&(method.to_owned(), path.to_owned()));
        let described = described.expect("not in the document");
        assert_eq!(described["operationId"], id, "{method} {path}");
        let actual = callers.ask(method, path).await;
        assert_eq!(actual, expected, "{method} {path}");
        doc.push(callers.line(method, path, actual).await);
    }
    undecided.retain(|(_, path), _| !ANY_METHOD.contains(&path.as_str()));
    assert!(undecided.is_empty(), "no line in the matrix: {:?}", undecided.keys());
    expect_doc(doc);
}

/// Everybody who asks.
struct Callers {
    anonymous: Client,
    people: [Client; 3],
    plain: String,
    /// A key with every known scope.
    with_scopes: String,
    /// A key with each of the scopes alone.
    by_scope: Vec<(&'static str, String)>,
}

impl Callers {
    async fn of(app: &App) -> Self {
        let admin = app.admin().await;
        let (_, plain) = admin.create_key(&json!({ "name": "plain" })).await;
        let scopes = KNOWN_SCOPES.map(|scope| scope.text);
        let body = json!({ "name": "scoped", "scopes": scopes });
        let (_, with_scopes) = admin.create_key(&body).await;
        let mut by_scope = Vec::new();
        for scope in scopes {
            let body = json!({ "name": scope, "scopes": [scope] });
            by_scope.push((scope, admin.create_key(&body).await.1));
        }
        let viewer = app.person("viewer@example.com", Role::Viewer).await;
        let editor = app.person("editor@example.com", Role::Editor).await;
        let people = [viewer, editor, admin];
        Self { anonymous: app.anonymous(), people, plain, with_scopes, by_scope }
    }

    async fn ask(&self, method: &str, path: &str) -> [u16; 6] {
        let [viewer, editor, admin] = &self.people;
        [
            call(&self.anonymous, method, path, None).await.status,
            call(viewer, method, path, None).await.status,
            call(editor, method, path, None).await.status,
            call(admin, method, path, None).await.status,
            call(&self.anonymous, method, path, Some(&self.plain)).await.status,
            call(&self.anonymous, method, path, Some(&self.with_scopes)).await.status,
        ]
    }

    /// What the documentation says of a route that answered so.
    async fn line(&self, method: &str, path: &str, statuses: [u16; 6]) -> String {
        let is_in = |status: u16| !matches!(status, 401 | 403);
        let [is_open, viewer, editor, admin, plain, with_scopes] = statuses.map(is_in);
        let key = match (is_open, plain, with_scopes) {
            (true, ..) => "not needed".to_owned(),
            (_, true, _) => "any".to_owned(),
            (_, _, false) => String::new(),
            _ => {
                let mut scopes = Vec::new();
                for (scope, key) in &self.by_scope {
                    if is_in(call(&self.anonymous, method, path, Some(key)).await.status) {
                        scopes.push(format!("`{scope}`"));
                    }
                }
                scopes.join(", ")
            }
        };
        let mark = |is: bool| if is { "yes" } else { "" };
        let route = format!("`{} {path}`", method.to_uppercase());
        let [viewer, editor, admin] = [viewer, editor, admin].map(mark);
        let line = format!("| {route} | {viewer} | {editor} | {admin} | {key} |");
        line.replace("  ", " ")
    }
}

/// Compares with the documentation; `KEYWARD_WRITE_DOCS` writes it.
fn expect_doc(mut lines: Vec<String>) {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/people.md");
    const MARKS: [&str; 2] =
        ["<!-- written by the access matrix test -->\n", "<!-- until here -->"];
    lines.sort_by_key(|line| line.split(' ').nth(2).unwrap().trim_end_matches('`').to_owned());
    let head = "| route | viewer | editor | admin | key with |\n|---|---|---|---|---|\n";
    let table = format!("{head}{}\n", lines.join("\n"));
    let kept = fs::read_to_string(PATH).unwrap();
    let (before, rest) = kept.split_once(MARKS[0]).unwrap();
    let (_, after) = rest.split_once(MARKS[1]).unwrap();
    let made = [before, MARKS[0], &table, MARKS[1], after].concat();
    if env::var_os("KEYWARD_WRITE_DOCS").is_some() {
        fs::write(PATH, &made).unwrap();
    } else {
        assert!(kept == made, "server/docs/people.md is not up to date: KEYWARD_WRITE_DOCS=1");
    }
}

async fn the_document_names_the_credentials_of_each_route(backend: Backend) {
    let app = App::start(backend).await;
    let operations = document(&app.anonymous()).await;
    for (_, method, path, statuses) in MATRIX {
        let security = &operations[&(method.to_owned(), path.to_owned())]["security"];
        let is_in = |status: u16| !matches!(status, 401 | 403);
        let [is_open, _, _, by_person, any_key, by_scope] = statuses.map(is_in);
        let expected = match (is_open, by_person, any_key, by_scope) {
            (true, ..) => Value::Null,
            (_, false, true, _) => json!([{ "apiKey": [] }, { "bearer": [] }, { "basic": [] }]),
            (_, false, false, _) => json!([{ "apiKey": [] }, { "bearer": [] }]),
            (_, true, _, true) => json!([{ "session": [] }, { "apiKey": [] }, { "bearer": [] }]),
            (_, true, _, false) => json!([{ "session": [] }]),
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
