//! Keys of providers and models over HTTP: entered, listed, replaced, deleted.

use std::time::Duration;

use futures_util::future::join_all;
use keyward::encryption::columns::{MODELS, PROVIDERS};
use keyward::providers::candidates;
use serde_json::{Value, json};

use crate::support::earlier::{execute, unbind};
use crate::support::{Answer, App, Backend, EMAIL, on_both_databases};

on_both_databases!(
    a_provider_is_entered_listed_replaced_and_deleted,
    a_model_is_entered_listed_replaced_and_deleted,
    a_provider_goes_with_the_keys_of_its_models,
    a_model_that_is_added_while_its_provider_goes_is_added_before_or_after,
    details_change_without_the_key_and_the_key_without_them,
    a_hint_is_kept_of_long_keys_alone,
    models_are_named_as_their_provider_does,
    many_may_enter_the_same_key_at_once,
    the_database_holds_no_key_in_the_clear,
    a_rotation_moves_these_keys_too,
    a_base_url_that_was_changed_behind_the_server_gets_no_key,
    a_key_stays_readable_through_changes_of_its_base_url,
    keys_of_an_earlier_version_open_and_are_moved,
    a_key_of_a_model_that_was_moved_does_not_open,
);

async fn a_provider_is_entered_listed_replaced_and_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    assert_eq!(admin.providers().await, json!([]));
    let body = json!({
        "value": "sk-openai-0123456789", "baseUrl": "https://api.openai.com/v1", "note": " ours ",
    });
    let time = "2026-01-01T12:00:00Z";
    let mut expected = json!({
        "provider": "openai", "hasKey": true, "hint": "6789",
        "baseUrl": "https://api.openai.com/v1", "note": "ours", "createdAt": time,
        "updatedAt": time, "createdBy": EMAIL, "models": [],
    });
    let answer = admin.put_provider("openai", &body).await.expect(200);
    assert_eq!(answer.data(), expected);
    assert!(!answer.text.contains("sk-openai"));
    admin.set_provider("anthropic", "other").await;
    let listed = admin.providers().await;
    assert_eq!((&listed[0]["provider"], &listed[1]), (&json!("anthropic"), &expected));

    app.clock.advance(Duration::from_secs(1));
    expected["hint"] = json!("wxyz");
    expected["updatedAt"] = json!("2026-01-01T12:00:01Z");
    let replaced = admin.put_provider("openai", &json!({ "value": "sk-openai-stuvwxyz" })).await;
    assert_eq!(replaced.expect(200).data(), expected, "what is absent stays");
    assert_eq!(admin.resolved("provider=openai").await, "sk-openai-stuvwxyz");

    let deleted = admin.delete("/api/providers/openai").await.expect(200);
    assert_eq!(deleted.data(), json!({ "deleted": true }));
    let gone = admin.delete("/api/providers/openai").await;
    gone.expect_problem(404, "provider_not_found", "Provider \"openai\" not found");
    assert_eq!(admin.providers().await.as_array().unwrap().len(), 1);
    assert_eq!(admin.resolved("provider=anthropic").await, "other");
}

async fn a_model_is_entered_listed_replaced_and_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("openai", "of-the-provider").await;
    let answer =
        admin.put_provider("openai/models/gpt-5", &json!({ "value": "of-the-model" })).await;
    let time = "2026-01-01T12:00:00Z";
    let mut expected = json!({
        "model": "gpt-5", "hint": "odel", "createdAt": time, "updatedAt": time, "createdBy": EMAIL,
    });
    assert_eq!(answer.expect(200).data(), expected);
    admin.set_provider("openai/models/a", "v").await;
    // Another provider's model of the same name is another model.
    admin.set_provider("azure/models/gpt-5", "of-azure").await;
    app.clock.advance(Duration::from_secs(1));
    expected["updatedAt"] = json!("2026-01-01T12:00:01Z");
    expected["hint"] = json!("aced");
    let replaced =
        admin.put_provider("openai/models/gpt-5", &json!({ "value": "was-replaced" })).await;
    assert_eq!(replaced.expect(200).data(), expected);
    let listed = admin.providers().await;
    assert_eq!(listed[1]["models"][1], expected);
    assert_eq!(listed[1]["models"][0]["model"], "a");
    assert_eq!(listed[0]["provider"], "azure");
    assert_eq!((&listed[0]["hasKey"], &listed[0]["createdAt"]), (&json!(false), &Value::Null));
    assert_eq!(admin.resolved("provider=openai&model=gpt-5").await, "was-replaced");

    let path = "/api/providers/openai/models/gpt-5";
    assert_eq!(admin.delete(path).await.expect(200).data(), json!({ "deleted": true }));
    let message = "Model \"gpt-5\" of \"openai\" has no key of its own";
    admin.delete(path).await.expect_problem(404, "model_not_found", message);
    assert_eq!(admin.resolved("provider=openai&model=gpt-5").await, "of-the-provider");
    assert_eq!(admin.resolved("provider=azure&model=gpt-5").await, "of-azure");
}

async fn a_provider_goes_with_the_keys_of_its_models(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for path in ["a", "a/models/x", "a/models/y", "a-b", "a-b/models/x", "only/models/x"] {
        admin.set_provider(path, path).await;
    }
    admin.delete("/api/providers/a").await.expect(200);
    for query in ["provider=a", "provider=a&model=x", "provider=a&model=y"] {
        admin.resolve(query).await.expect(404);
    }
    assert_eq!(admin.resolved("provider=a-b&model=x").await, "a-b/models/x");
    // One that has models alone goes as well.
    admin.delete("/api/providers/only").await.expect(200);
    let left = admin.providers().await;
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["provider"], "a-b");
}

async fn a_model_that_is_added_while_its_provider_goes_is_added_before_or_after(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for round in 0..30 {
        admin.set_provider("p", "v").await;
        let body = json!({ "value": round.to_string() });
        let (added, gone) =
            tokio::join!(admin.put_provider("p/models/m", &body), admin.delete("/api/providers/p"));
        added.expect(200);
        gone.expect(200);
        // The log has them in the order in which they were committed.
        let last = admin.get("/api/admin/audit?action=provider&limit=1").await.expect(200).data();
        let is_left = admin.resolve("provider=p&model=m").await.status == 200;
        assert_eq!(is_left, last[0]["action"] == "provider.set", "round {round}");
        admin.delete("/api/providers/p").await;
    }
}

async fn details_change_without_the_key_and_the_key_without_them(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let patch = async |body: Value| admin.patch("/api/providers/p", &body).await;
    let not_found = "Provider \"p\" not found";
    patch(json!({ "note": "n" })).await.expect_problem(404, "provider_not_found", not_found);
    // Keys of models alone make no place for details.
    admin.set_provider("p/models/m", "v").await;
    patch(json!({ "note": "n" })).await.expect(404);
    admin.set_provider("p", "the-key").await;
    let before = patch(json!({})).await.expect(200).data();
    assert_eq!(before["models"][0]["model"], "m");
    app.clock.advance(Duration::from_secs(1));
    let changed = patch(json!({ "note": "n", "baseUrl": "http://localhost:1" })).await;
    let changed = changed.expect(200).data();
    assert_eq!(
        (&changed["note"], &changed["baseUrl"]),
        (&json!("n"), &json!("http://localhost:1"))
    );
    assert_eq!(changed["updatedAt"], "2026-01-01T12:00:01Z");
    let changed = patch(json!({ "note": null })).await.expect(200).data();
    assert_eq!(
        (&changed["note"], &changed["baseUrl"]),
        (&Value::Null, &json!("http://localhost:1"))
    );
    assert_eq!(admin.resolved("provider=p").await, "the-key");
    let resolved = admin.resolve("provider=p&model=m").await.expect(200).data();
    let expected = json!({
        "provider": "p", "model": "m", "value": "v", "source": "model",
        "baseUrl": "http://localhost:1",
    });
    assert_eq!(resolved, expected, "the base URL comes with each key of the provider");
    let set =
        admin.put_provider("p", &json!({ "value": "x", "baseUrl": null, "note": "again" })).await;
    let set = set.expect(200).data();
    assert_eq!((&set["note"], &set["baseUrl"]), (&json!("again"), &Value::Null));
}

async fn a_hint_is_kept_of_long_keys_alone(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for (value, hint) in
        [("elevenchars", Value::Null), ("twelve-chars", json!("hars")), ("short", Value::Null)]
    {
        let set = admin.set_provider("p", value).await;
        assert_eq!(set.data()["hint"], hint, "{value}");
        assert_eq!(admin.resolved("provider=p").await, value);
    }
}

async fn models_are_named_as_their_provider_does(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let long = "m".repeat(255);
    let keys = "\u{1f511}".repeat(255);
    let names =
        ["meta-llama/Llama-3.1:free", "a%2Fb", "gpt 5?&=#", "\u{fc}ber", "a/../b", &long, &keys];
    for name in names {
        let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes())
            .collect::<String>()
            .replace('+', "%20");
        let path = format!("openrouter/models/{encoded}");
        let set = admin.set_provider(&path, &encoded).await;
        assert_eq!(set.data()["model"], name);
        let value = admin.resolved(&format!("provider=openrouter&model={encoded}")).await;
        assert_eq!(value, encoded);
    }
    let listed = admin.providers().await;
    let mut listed: Vec<&str> = listed[0]["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["model"].as_str().unwrap())
        .collect();
    let mut expected = names;
    listed.sort_unstable();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    admin
        .delete("/api/providers/openrouter/models/meta-llama%2FLlama-3.1%3Afree")
        .await
        .expect(200);
}

async fn many_may_enter_the_same_key_at_once(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let bodies: Vec<Value> = (0..20).map(|n| json!({ "value": format!("value-{n}") })).collect();
    for path in ["p", "p/models/m"] {
        for answer in join_all(bodies.iter().map(|body| admin.put_provider(path, body))).await {
            answer.expect(200);
        }
    }
    for query in ["provider=p", "provider=p&model=m"] {
        let value = admin.resolved(query).await;
        assert!(bodies.iter().any(|body| body["value"] == value), "{value}");
    }
    assert_eq!(admin.providers().await.as_array().unwrap().len(), 1);
    assert!(app.state.audit.verify(&app.state.db).await.unwrap().is_valid());
}

async fn the_database_holds_no_key_in_the_clear(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "value": "planted-value-in-the-clear" });
    admin.put_provider("p", &body).await.expect(200);
    admin.put_provider("p/models/m", &body).await.expect(200);
    let lookup = candidates::Lookup { provider: "p".into(), model: Some("m".into()) };
    let rows = candidates::candidates(&app.state.db, &app.state.rows, &[lookup])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    for row in [rows.model.unwrap(), rows.provider.unwrap()] {
        assert_eq!((row.sealed.sealed[0], row.sealed.sealed.len()), (2, 26 + 93));
        assert!(!String::from_utf8_lossy(&row.sealed.sealed).contains("planted"));
    }
    if backend == Backend::Sqlite {
        for file in std::fs::read_dir(app.database.folder()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"planted"));
        }
    }
}

async fn a_rotation_moves_these_keys_too(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    for path in ["p", "q", "p/models/m"] {
        admin.set_provider(path, path).await;
    }
    let before = admin.providers().await;
    let status = async || admin.encryption().await;
    assert_eq!(status().await["secrets"], 4);
    let answer = admin.rotate_data_key().await;
    assert_eq!(answer.expect(200).data(), json!({ "newVersion": 2, "reEncrypted": 4 }));
    let status = status().await;
    assert_eq!((&status["secrets"], &status["legacy"]), (&json!(4), &json!(0)));
    let mut keys = std::collections::BTreeSet::new();
    for (column, number) in [(PROVIDERS, 2), (MODELS, 1)] {
        let rows = column.after(&app.state.db, "", 10).await.unwrap();
        assert_eq!(rows.len(), number);
        keys.extend(rows.into_iter().map(|row| row.key_id));
    }
    assert_eq!(keys.len(), 1, "all of them under the new key");
    assert_eq!(admin.providers().await, before, "a rotation is no change of a provider");
    assert_eq!(admin.resolved("provider=p&model=m").await, "p/models/m");
    assert_eq!(admin.resolved("provider=q").await, "q");
}

#[track_caller]
fn expect_unreadable(answer: Answer, target: &str) {
    let message = format!("The key of \"{target}\" cannot be decrypted");
    answer.expect_problem(500, "credential_unreadable", &message);
}

async fn a_base_url_that_was_changed_behind_the_server_gets_no_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let home = "https://api.openai.com/v1";
    admin.put_provider("p", &json!({ "value": "v", "baseUrl": home })).await.expect(200);
    admin.set_provider("q", "v").await;
    let set = async |base_url: Option<&str>| {
        let sql = "UPDATE provider_credentials SET base_url = $1";
        execute(&app.state.db, sql, vec![base_url.map(str::to_owned).into()]).await;
        // Accepted by a person: what is sealed goes nowhere else even then.
        app.accept().await;
    };
    for wrong in [Some("https://evil.example/v1"), Some("")] {
        set(wrong).await;
        for provider in ["p", "q"] {
            let answer = admin.resolve(&format!("provider={provider}")).await;
            expect_unreadable(answer, provider);
        }
        assert_eq!(admin.rotate_data_key().await.expect(500).body()["code"], "rotation_failed");
        // Nor does the API seal it for another address.
        let answer = admin.patch("/api/providers/p", &json!({ "baseUrl": null })).await;
        expect_unreadable(answer, "p");
    }
    set(None).await;
    expect_unreadable(admin.resolve("provider=p").await, "p");
    set(Some(home)).await;
    assert_eq!(admin.resolved("provider=p").await, "v");
}

async fn a_key_stays_readable_through_changes_of_its_base_url(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p/models/m", "of-the-model").await;
    admin.set_provider("p", "a").await;
    let check = async |value: &str, base_url: Value| {
        let found = admin.resolve("provider=p").await.expect(200).data();
        assert_eq!(found["value"], value);
        assert_eq!(found.get("baseUrl").cloned().unwrap_or_default(), base_url);
        assert_eq!(admin.resolved("provider=p&model=m").await, "of-the-model");
    };
    let (one, other) = (json!("https://one.example"), json!("https://other.example"));
    let patch = async |body: Value| admin.patch("/api/providers/p", &body).await.expect(200);
    patch(json!({ "baseUrl": one })).await;
    check("a", one.clone()).await;
    patch(json!({ "note": "n" })).await;
    check("a", one.clone()).await;
    patch(json!({ "baseUrl": one })).await;
    check("a", one.clone()).await;
    // A new key, for the address that is there.
    admin.set_provider("p", "b").await;
    check("b", one).await;
    admin.put_provider("p", &json!({ "value": "c", "baseUrl": other })).await.expect(200);
    check("c", other.clone()).await;
    assert_eq!(admin.rotate_data_key().await.expect(200).data()["reEncrypted"], 2);
    check("c", other).await;
    patch(json!({ "baseUrl": null })).await;
    check("c", Value::Null).await;
    // Those who do both at once: whichever was last, the key opens.
    for n in 0..10 {
        let url = json!({ "baseUrl": format!("https://{n}.example") });
        let value = json!({ "value": format!("value-{n}") });
        let both = json!({ "value": "x", "baseUrl": null });
        let (a, b, c) = tokio::join!(
            admin.patch("/api/providers/p", &url),
            admin.put_provider("p", &value),
            admin.put_provider("p", &both),
        );
        for answer in [a, b, c] {
            answer.expect(200);
        }
        admin.resolve("provider=p").await.expect(200);
    }
}

async fn keys_of_an_earlier_version_open_and_are_moved(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin
        .put_provider("p", &json!({ "value": "a", "baseUrl": "https://one.example" }))
        .await
        .expect(200);
    admin.set_provider("p/models/m", "b").await;
    unbind(&app.state.db).await;
    assert_eq!(admin.resolved("provider=p").await, "a");
    assert_eq!(admin.resolved("provider=p&model=m").await, "b");
    assert_eq!(admin.rotate_data_key().await.expect(200).data()["reEncrypted"], 2);
    for column in [PROVIDERS, MODELS] {
        assert_eq!(column.after(&app.state.db, "", 10).await.unwrap()[0].sealed[0], 2);
    }
    assert_eq!(admin.resolved("provider=p").await, "a");
    assert_eq!(admin.resolved("provider=p&model=m").await, "b");
}

async fn a_key_of_a_model_that_was_moved_does_not_open(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p/models/m", "v").await;
    for (column, other, home) in [("model", "n", "m"), ("provider", "q", "p")] {
        let set = format!("UPDATE model_credentials SET {column} = $1");
        execute(&app.state.db, &set, vec![other.into()]).await;
        app.accept().await;
        expect_unreadable(admin.resolve("provider=p&model=m").await, "p/m");
        execute(&app.state.db, &set, vec![home.into()]).await;
        app.accept().await;
    }
    assert_eq!(admin.resolved("provider=p&model=m").await, "v");
}
