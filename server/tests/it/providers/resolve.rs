//! Whose key a caller gets: the model's own, else the provider's, else none; and the record.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use futures_util::future::join_all;
use keyward::audit::entity::log;
use keyward::encryption::columns::{MODELS, PROVIDERS};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    the_model_goes_before_the_provider_before_none,
    an_explanation_names_the_source_and_the_reason_without_the_key,
    what_is_not_stored_is_named,
    each_change_and_each_key_given_out_is_recorded,
    a_store_that_fails_is_503_and_never_none,
    a_key_that_does_not_open_is_an_error_and_no_other_is_used,
    while_it_is_replaced_each_gets_the_old_or_the_new_one,
    no_key_leaves_without_its_record,
);

async fn the_model_goes_before_the_provider_before_none(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "caller", "scopes": ["providers:resolve"] });
    let (_, key) = admin.create_key(&body).await;
    let anonymous = app.anonymous();
    let ask = async |query: &str| {
        let path = format!("/api/resolve?{query}");
        let by_key = anonymous.get_as(&key, &path).await;
        let by_session = admin.get(&path).await;
        assert_eq!((by_key.status, by_key.body()), (by_session.status, by_session.body()));
        assert_eq!(by_key.header("cache-control"), "no-store");
        by_key
    };
    let model = "provider=openai&model=gpt-5";
    ask(model).await.expect(404);
    admin.set_provider("openai/models/gpt-5", "of-the-model").await;
    let own = json!({
        "provider": "openai", "model": "gpt-5", "value": "of-the-model", "source": "model",
    });
    assert_eq!(ask(model).await.expect(200).data(), own);
    ask("provider=openai&model=gpt-4").await.expect(404);
    ask("provider=openai").await.expect(404);
    admin.set_provider("openai", "of-the-provider").await;
    assert_eq!(ask(model).await.expect(200).data(), own);
    let fallen_back = |model: Value| json!({ "provider": "openai", "model": model, "value": "of-the-provider", "source": "provider" });
    let answer = ask("provider=openai&model=gpt-4").await.expect(200);
    assert_eq!(answer.data(), fallen_back(json!("gpt-4")));
    assert_eq!(ask("provider=openai").await.expect(200).data(), fallen_back(Value::Null));
    // Names are compared whole, with their case.
    assert_eq!(ask("provider=openai&model=GPT-5").await.data(), fallen_back(json!("GPT-5")));
    admin.delete("/api/providers/openai/models/gpt-5").await.expect(200);
    assert_eq!(ask(model).await.expect(200).data(), fallen_back(json!("gpt-5")));
    admin.delete("/api/providers/openai").await.expect(200);
    ask(model).await.expect(404);
}

async fn an_explanation_names_the_source_and_the_reason_without_the_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("openai", "planted-provider-0123").await;
    admin.set_provider("openai/models/gpt-5", "planted").await;
    let before = app.audit_entries().await;
    let explain = async |query: &str| {
        let answer = admin.resolve(&format!("{query}&explain=true")).await.expect(200);
        assert!(!answer.text.contains("planted"));
        answer.data()
    };
    let expected = json!({
        "provider": "openai", "model": "gpt-5", "source": "model", "hint": null,
        "reason": "The model \"gpt-5\" of \"openai\" has a key of its own.",
    });
    assert_eq!(explain("provider=openai&model=gpt-5").await, expected);
    let expected = json!({
        "provider": "openai", "model": "x", "source": "provider", "hint": "0123",
        "reason": "The model \"x\" has no key of its own, so the key of \"openai\" is used.",
    });
    assert_eq!(explain("provider=openai&model=x").await, expected);
    let expected = "No model was named, so the key of \"openai\" is used.";
    assert_eq!(explain("provider=openai").await["reason"], expected);
    admin.resolve("provider=nobody&explain=true").await.expect(404);
    assert_eq!(app.audit_entries().await, before, "nothing was given out");
    let answer = admin.resolve("provider=openai&explain=false").await.expect(200);
    assert_eq!(answer.data()["value"], "planted-provider-0123");
}

async fn what_is_not_stored_is_named(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let message = "No key is stored for the model \"gpt-5\" of \"openai\", nor for \"openai\"";
    let query = "provider=openai&model=gpt-5";
    admin.resolve(query).await.expect_problem(404, "no_credential", message);
    let explained = admin.resolve(&format!("{query}&explain=true")).await;
    explained.expect_problem(404, "no_credential", message);
    let message = "No key is stored for the provider \"openai\"";
    admin.resolve("provider=openai").await.expect_problem(404, "no_credential", message);
}

async fn each_change_and_each_key_given_out_is_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "caller", "scopes": ["providers:resolve"] });
    let (id, key) = admin.create_key(&body).await;
    let start = app.audit_entries().await;
    admin.set_provider("openai", "planted-1").await;
    admin.set_provider("openai/models/a/b".replace("a/b", "a%2Fb").as_str(), "planted-2").await;
    admin.patch("/api/providers/openai", &json!({ "note": "n" })).await.expect(200);
    for query in ["provider=openai&model=a%2Fb", "provider=openai&model=c", "provider=nobody"] {
        let path = format!("/api/resolve?{query}");
        app.anonymous().get_as(&key, &path).await;
    }
    admin.delete("/api/providers/openai/models/a%2Fb").await.expect(200);
    admin.delete("/api/providers/openai").await.expect(200);
    let rows = log::Entity::find().order_by_asc(log::Column::Seq).all(&app.state.db).await.unwrap();
    let rows: Vec<_> = rows.iter().skip(usize::try_from(start).unwrap()).collect();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let target = row.target.as_deref().unwrap_or_default();
            let detail = row.detail.as_deref().unwrap_or_default();
            (row.action.as_str(), target, row.outcome.as_str(), detail)
        })
        .collect();
    let expected = [
        ("provider.set", "openai", "success", "key"),
        ("provider.set", "openai/a/b", "success", "key"),
        ("provider.update", "openai", "success", "note"),
        ("provider.resolve", "openai/a/b", "success", "the key of the model"),
        ("provider.resolve", "openai/c", "success", "the key of the provider"),
        ("provider.resolve", "nobody", "refused", "no key is stored"),
        ("provider.delete", "openai/a/b", "success", ""),
        ("provider.delete", "openai", "success", "1 key"),
    ];
    assert_eq!(told, expected);
    for row in &rows[3..6] {
        assert_eq!((row.actor_kind.as_str(), row.actor_id.as_ref()), ("key", Some(&id)));
    }
    assert!(!format!("{rows:?}").contains("planted"));
    // A program that goes on asking for what is not there does not fill the log.
    let before = app.audit_entries().await;
    for _ in 0..5 {
        admin.resolve("provider=nobody").await.expect(404);
    }
    assert_eq!(app.audit_entries().await, before + 1);
}

async fn a_store_that_fails_is_503_and_never_none(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "caller", "scopes": ["providers:resolve"] });
    let (_, key) = admin.create_key(&body).await;
    admin.set_provider("openai", "v").await;
    let ask = async || app.anonymous().get_as(&key, "/api/resolve?provider=openai&model=m").await;
    for table in ["model_credentials", "provider_credentials"] {
        let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
        app.execute(&rename(table, "gone")).await;
        let message = "The database did not answer, so nothing was changed. Try again.";
        ask().await.expect_problem(503, "store_unavailable", message);
        app.execute(&rename("gone", table)).await;
        assert_eq!(ask().await.expect(200).data()["value"], "v");
    }
}

async fn a_key_that_does_not_open_is_an_error_and_no_other_is_used(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p", "of-the-provider").await;
    admin.set_provider("p/models/m", "of-the-model").await;
    admin.set_provider("q", "of-another").await;
    let db = &app.state.db;
    let own = PROVIDERS.after(db, "", 10).await.unwrap();
    let of_model = MODELS.after(db, "", 10).await.unwrap().remove(0);
    let key_id = of_model.key_id.clone().unwrap();
    let mut flipped = of_model.sealed.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let message = "The key of \"p/m\" cannot be decrypted";
    // Changed, or moved here from the provider's row.
    for sealed in [flipped, own[0].sealed.clone()] {
        let row = vec![(of_model.id.clone(), sealed)];
        MODELS.replace(db, &key_id, row).await.unwrap();
        let answer = admin.resolve("provider=p&model=m").await;
        answer.expect_problem(500, "credential_unreadable", message);
    }
    admin.resolve("provider=p&model=n").await.expect(200);
    let swapped = vec![(own[0].id.clone(), own[1].sealed.clone())];
    PROVIDERS.replace(db, &key_id, swapped).await.unwrap();
    let answer = admin.resolve("provider=p").await;
    answer.expect_problem(500, "credential_unreadable", "The key of \"p\" cannot be decrypted");
    // It can be replaced.
    admin.set_provider("p", "new").await;
    assert_eq!(admin.resolve("provider=p").await.expect(200).data()["value"], "new");
}

async fn while_it_is_replaced_each_gets_the_old_or_the_new_one(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p", "provider-0").await;
    admin.set_provider("p/models/m", "model-0").await;
    let body = json!({ "name": "caller", "scopes": ["providers:resolve"] });
    let (_, key) = admin.create_key(&body).await;
    let anonymous = app.anonymous();
    // Rounds that were stored before a question was asked.
    let stored = [AtomicU32::new(0), AtomicU32::new(0)];
    let stored = |owner: &str| &stored[usize::from(owner == "model")];
    let readers = (0..8).map(|_| async {
        let mut seen = 0;
        for _ in 0..25 {
            let at_least = ["provider", "model"].map(|owner| stored(owner).load(SeqCst));
            let answer = anonymous.get_as(&key, "/api/resolve?provider=p&model=m").await;
            let data = answer.expect(200).data();
            let (source, value) =
                (data["source"].as_str().unwrap(), data["value"].as_str().unwrap());
            let (owner, round) = value.split_once('-').unwrap();
            assert_eq!(owner, source, "{data}");
            let at_least = at_least[usize::from(owner == "model")];
            assert!(round.parse::<u32>().unwrap() >= at_least, "{data}, at least {at_least}");
            seen += 1;
        }
        seen
    });
    let writer = async {
        for round in 1..=20 {
            admin.set_provider("p/models/m", &format!("model-{round}")).await;
            stored("model").store(round, SeqCst);
            admin.set_provider("p", &format!("provider-{round}")).await;
            stored("provider").store(round, SeqCst);
            // There is always one of the two.
            admin.delete("/api/providers/p/models/m").await.expect(200);
            admin.set_provider("p/models/m", &format!("model-{round}")).await;
        }
    };
    let (seen, ()) = tokio::join!(join_all(readers), writer);
    assert_eq!(seen.into_iter().sum::<u32>(), 200);
    assert_eq!(admin.resolve("provider=p&model=m").await.data()["value"], "model-20");
}

async fn no_key_leaves_without_its_record(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.set_provider("p", "planted-value").await;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    app.execute(&rename("audit_log", "audit_gone")).await;
    let answer = admin.resolve("provider=p").await.expect(503);
    assert!(!answer.text.contains("planted"));
    let body = json!({ "value": "other" });
    admin.put_provider("p", &body).await.expect(503);
    admin.delete("/api/providers/p").await.expect(503);
    app.execute(&rename("audit_gone", "audit_log")).await;
    let answer = admin.resolve("provider=p").await.expect(200);
    assert_eq!(answer.data()["value"], "planted-value", "what was not recorded was not done");
}
