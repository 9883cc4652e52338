//! A viewer sees no value, wherever they look.

use keyward_api::roles::Role;
use serde_json::json;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(no_answer_to_a_viewer_holds_a_value);

async fn no_answer_to_a_viewer_holds_a_value(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let mut planted: Vec<String> =
        ["value-1", "value-2", "value-3"].map(|it| format!("planted-{it}")).to_vec();
    admin.add_secret("PLANTED", &planted[0]).await;
    admin.set_provider("openai", &planted[1]).await;
    admin.set_provider("openai/models/gpt", &planted[2]).await;
    let body = json!({ "name": "n", "scopes": ["secrets:read", "providers:resolve"] });
    let (id, key) = admin.create_key(&body).await;
    planted.push(key.clone());
    planted.push(admin.rotated_key(&id, 600).await);
    planted.push(admin.invite("bob@example.com", Role::Admin).await);
    // What was read before leaves nothing to be found.
    admin.secret("PLANTED").await;
    admin.resolved("provider=openai&model=gpt").await;
    app.anonymous().get_as(&key, "/api/secrets/PLANTED").await.expect(200);

    let viewer = app.person("viewer@example.com", Role::Viewer).await;
    let document = viewer.get("/api/openapi.json").await.expect(200).body();
    let mut answered = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if item.get("get").is_none() {
            continue;
        }
        let path = path
            .replace("{path}", "a")
            .replace("{id}", &id)
            .replace("{key}", "PLANTED")
            .replace("{provider}", "openai")
            .replace("{model}", "gpt");
        for query in
            ["", "?provider=openai&model=gpt", "?provider=openai&explain=true", "?q=planted"]
        {
            let answer = viewer.get(&format!("{path}{query}")).await;
            answered += u32::from(answer.status == 200);
            let found = planted.iter().find(|value| answer.text.contains(*value));
            assert_eq!(found, None, "{path}{query}: {answer:?}");
        }
    }
    assert!(answered > 15, "{answered}");
    viewer.get("/api/secrets/PLANTED").await.expect(403);
    viewer.resolve("provider=openai").await.expect(403);
    // The others do see it.
    let editor = app.person("editor@example.com", Role::Editor).await;
    assert_eq!(editor.secret("PLANTED").await, planted[0]);
    assert_eq!(editor.resolved("provider=openai").await, planted[1]);
}
