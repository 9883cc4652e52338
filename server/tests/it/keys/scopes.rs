//! Scopes that are narrowed to some names open those and nothing else.

use http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    a_scope_narrowed_to_secrets_opens_those_alone,
    a_scope_narrowed_to_a_provider_opens_that_alone,
    a_narrowed_scope_that_no_name_could_match_is_refused,
    a_refusal_of_a_narrowed_scope_is_recorded,
);

struct Caller {
    client: Client,
    key: String,
}

impl Caller {
    async fn with(app: &App, admin: &Client, scopes: Value) -> Self {
        let name = scopes.to_string();
        let name = &name[..name.len().min(60)];
        let (_, key) = admin.create_key(&json!({ "name": name, "scopes": scopes })).await;
        Self { client: app.anonymous(), key }
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let headers: [(&str, &[u8]); 2] =
            [("x-api-key", self.key.as_bytes()), ("content-type", b"application/json")];
        let body = body.map(|body| body.to_string().into_bytes());
        self.client.send(method, path, &headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }
}

fn lacks(answer: Answer, scope: &str) {
    let message = format!("This key lacks the scope {scope}");
    answer.expect_problem(403, "missing_scope", &message);
}

async fn a_scope_narrowed_to_secrets_opens_those_alone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for key in ["GITHUB_TOKEN", "GITHUB_HOOK", "GITHUB", "GITLAB_TOKEN", "ONE"] {
        admin.add_secret(key, key).await;
    }
    let scopes = json!(["secrets:read:GITHUB_*", "secrets:read:ONE"]);
    let reader = Caller::with(&app, &admin, scopes).await;
    for key in ["GITHUB_TOKEN", "GITHUB_HOOK", "ONE"] {
        let answer = reader.get(&format!("/api/secrets/{key}")).await.expect(200);
        assert_eq!(answer.data()["value"], key);
    }
    // The answer does not reveal whether such a secret exists.
    for key in ["GITHUB", "GITLAB_TOKEN", "ONE_MORE", "NOTHING"] {
        let answer = reader.get(&format!("/api/secrets/{key}")).await;
        lacks(answer, &format!("secrets:read:{key}"));
    }
    reader.get("/api/secrets/GITHUB_NONE").await.expect(404);
    let listed = reader.get("/api/secrets").await.expect(200).data();
    let keys: Vec<_> = listed.as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert_eq!(keys, ["GITHUB_HOOK", "GITHUB_TOKEN", "ONE"]);
    let new = |key: &str| Some(json!({ "key": key, "value": "new" }));
    lacks(reader.send(Method::POST, "/api/secrets", new("GITHUB_X")).await, "secrets:write");
    lacks(reader.send(Method::DELETE, "/api/secrets/ONE", None).await, "secrets:write");

    let writer = Caller::with(&app, &admin, json!(["secrets:write:CI_*"])).await;
    writer.send(Method::POST, "/api/secrets", new("CI_A")).await.expect(200);
    lacks(writer.send(Method::POST, "/api/secrets", new("OTHER")).await, "secrets:write:OTHER");
    let change = || Some(json!({ "value": "changed" }));
    writer.send(Method::PUT, "/api/secrets/CI_A", change()).await.expect(200);
    lacks(writer.send(Method::PUT, "/api/secrets/ONE", change()).await, "secrets:write:ONE");
    lacks(writer.send(Method::DELETE, "/api/secrets/ONE", None).await, "secrets:write:ONE");
    lacks(writer.get("/api/secrets/CI_A").await, "secrets:read");
    writer.send(Method::DELETE, "/api/secrets/CI_A", None).await.expect(200);
    let kept = admin.get("/api/secrets").await.expect(200).data();
    assert_eq!(kept.as_array().unwrap().len(), 5, "what was refused changed nothing");
    assert_eq!(admin.secret("ONE").await, "ONE");
}

async fn a_scope_narrowed_to_a_provider_opens_that_alone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for path in ["openai", "openai/models/m", "openai2", "anthropic"] {
        let path = format!("/api/providers/{path}");
        admin.put(&path, &json!({ "value": path })).await.expect(200);
    }
    let caller = Caller::with(&app, &admin, json!(["providers:resolve:openai"])).await;
    for query in ["provider=openai", "provider=openai&model=m", "provider=openai&explain=true"] {
        caller.get(&format!("/api/resolve?{query}")).await.expect(200);
    }
    for other in ["openai2", "anthropic", "nobody"] {
        for more in ["", "&model=m", "&explain=true"] {
            let answer = caller.get(&format!("/api/resolve?provider={other}{more}")).await;
            lacks(answer, &format!("providers:resolve:{other}"));
        }
    }
    let twice = caller.get("/api/resolve?provider=openai&provider=anthropic").await;
    twice.expect(400);
    let listed = caller.get("/api/providers").await.expect(200).data();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["provider"], "openai");

    let caller = Caller::with(&app, &admin, json!(["providers:resolve:open*"])).await;
    caller.get("/api/resolve?provider=openai2").await.expect(200);
    lacks(caller.get("/api/resolve?provider=anthropic").await, "providers:resolve:anthropic");
    let none = Caller::with(&app, &admin, json!(["providers:resolv", "secrets:read"])).await;
    lacks(none.get("/api/resolve?provider=openai").await, "providers:resolve");
    lacks(none.get("/api/providers").await, "providers:resolve");
    let all = Caller::with(&app, &admin, json!(["providers:resolve", "secrets:write"])).await;
    let body = || Some(json!({ "value": "v" }));
    lacks(all.send(Method::PUT, "/api/providers/openai", body()).await, "providers:write");
    lacks(all.send(Method::DELETE, "/api/providers/openai", None).await, "providers:write");
}

async fn a_narrowed_scope_that_no_name_could_match_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let secrets = "secrets:read is narrowed to a secret or the beginning of its name, like \
                   secrets:read:GITHUB_*";
    let providers = "providers:resolve is narrowed to a provider or the beginning of its name, \
                     like providers:resolve:openai";
    for (scope, message) in [
        ("secrets:read:github_*", secrets),
        ("secrets:read:", secrets),
        ("secrets:read:A:B", secrets),
        ("providers:resolve:OpenAI", providers),
        ("providers:resolve:openai:gpt-5", providers),
    ] {
        let answer = admin.post("/api/keys", &json!({ "name": "n", "scopes": [scope] })).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], "scopes[0]");
    }
    assert_eq!(admin.keys().await, json!([]));
    let body = json!({ "name": "n", "scopes": ["secrets:read:GITHUB_*"] });
    let (id, key) = admin.create_key(&body).await;
    assert_eq!(app.verify(&key).await.header("x-keyward-scopes"), "secrets:read:GITHUB_*");
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "scopes": ["secrets:read:a"] })).await.expect(400);
    assert_eq!(admin.keys().await[0]["scopes"], json!(["secrets:read:GITHUB_*"]));
}

async fn a_refusal_of_a_narrowed_scope_is_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let caller = Caller::with(&app, &admin, json!(["providers:resolve:openai"])).await;
    caller.get("/api/resolve?provider=anthropic&model=m").await.expect(403);
    let page = admin.get("/api/admin/audit?outcome=refused").await.expect(200).data();
    let entry = &page[0];
    assert_eq!(
        (&entry["action"], &entry["target"]),
        (&json!("provider.resolve"), &json!("anthropic"))
    );
    assert_eq!(entry["detail"], "the scope providers:resolve:anthropic is missing");
    assert_eq!(entry["actor"]["kind"], "key");
}
