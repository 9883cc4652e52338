//! The life of a key, as a person who is signed in and a caller see it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use keyward::audit::Actor;
use keyward::keys::new_key::{KeyChange, NewKey};
use keyward::keys::rows::KeyRows;
use keyward::replicas::Membership;
use keyward_api::keys::KeyName;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{App, Backend, EMAIL, on_both_databases};

on_both_databases!(
    a_new_key_is_shown_once_and_only_its_digest_is_stored,
    a_key_is_accepted_until_it_is_deleted,
    disabling_refuses_and_enabling_accepts_again,
    a_key_is_refused_from_the_instant_of_its_expiry,
    renaming_keeps_everything_else,
    of_many_creations_with_one_name_exactly_one_wins,
    changes_at_once_leave_the_cache_as_the_database_says,
    a_caller_who_hangs_up_does_not_keep_a_revoked_key_alive,
    another_process_is_followed,
    of_more_changes_than_are_remembered_none_is_missed,
    two_servers_do_not_overwrite_what_the_other_changed,
);

async fn a_new_key_is_shown_once_and_only_its_digest_is_stored(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wanted = json!({ "name": "  production ", "scopes": ["secrets:read", "a:b"] });
    let answer = admin.post("/api/keys", &wanted).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut created = answer.data();
    let key = created["key"].take();
    let key = key.as_str().unwrap();
    assert!(key.starts_with("kw_") && key.len() == 51, "{key}");
    let expected = json!({
        "id": created["id"], "name": "production", "prefix": key[..8], "scopes": ["a:b", "secrets:read"],
        "createdAt": "2026-01-01T12:00:00Z", "createdBy": EMAIL, "lastUsedAt": null,
        "expiresAt": null, "enabled": true, "key": null,
    });
    assert_eq!(created, expected);

    let listed = admin.keys().await;
    let mut expected = expected;
    expected.as_object_mut().unwrap().remove("key");
    assert_eq!(listed, json!([expected]));

    let rows = keyward::settings::Entity::find().all(&app.state.db).await.unwrap();
    let row = rows.iter().find(|row| row.kind == "api_key").unwrap();
    let value: Value = serde_json::from_str(&row.value).unwrap();
    let digest = keyward_core::digest::KeyDigest::of(key).to_hex();
    assert_eq!((&value["key_hash"], &value["key_prefix"]), (&json!(digest), &json!(key[..8])));
    assert!(!format!("{rows:?}").contains(&key[8..]));
}

async fn a_key_is_accepted_until_it_is_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    let (_, other) = admin.create_key(&json!({ "name": "b" })).await;
    app.verify(&key).await.expect(200);
    let deleted = admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert_eq!(deleted.data(), json!({ "deleted": true }));
    let effective = &deleted.body()["effective"];
    assert_eq!((&effective["acknowledged"], &effective["fenced"]), (&json!(1), &json!(0)));
    app.verify(&key).await.expect(401);
    app.verify(&other).await.expect(200);
    admin.delete(&format!("/api/keys/{id}")).await.expect_problem(
        404,
        "key_not_found",
        "API key not found",
    );
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 1);
}

async fn disabling_refuses_and_enabling_accepts_again(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    let path = format!("/api/keys/{id}");
    for (enabled, status) in [(false, 401), (true, 200)] {
        let data = admin.patch(&path, &json!({ "enabled": enabled })).await.expect(200).data();
        assert_eq!(data["enabled"], enabled);
        app.verify(&key).await.expect(status);
    }
}

async fn a_key_is_refused_from_the_instant_of_its_expiry(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wanted = json!({ "name": "a", "expiresAt": "2026-01-01T12:01:00Z" });
    let (id, key) = admin.create_key(&wanted).await;
    app.clock.advance(Duration::from_micros(59_999_999));
    app.verify(&key).await.expect(200);
    app.clock.advance(Duration::from_micros(1));
    app.verify(&key).await.expect(401);

    let path = format!("/api/keys/{id}");
    let past = json!({ "expiresAt": "2026-01-01T12:01:00Z" });
    let refused = admin.patch(&path, &past).await;
    refused.expect_problem(400, "validation_failed", "Expiry must be in the future");
    app.verify(&key).await.expect(401);
    let later = json!({ "expiresAt": "2026-01-01T14:00:00+01:00" });
    let data = admin.patch(&path, &later).await.expect(200).data();
    assert_eq!(data["expiresAt"], "2026-01-01T13:00:00Z", "times are in UTC");
    app.verify(&key).await.expect(200);
    let data = admin.patch(&path, &json!({ "expiresAt": null })).await.expect(200).data();
    assert_eq!(data["expiresAt"], Value::Null);
    app.clock.advance(Duration::from_hours(24));
    app.verify(&key).await.expect(200);
}

async fn renaming_keeps_everything_else(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a", "scopes": ["x:y"] })).await;
    let before = admin.keys().await;
    let path = format!("/api/keys/{id}");
    let after = admin.patch(&path, &json!({ "name": " b " })).await.expect(200).data();
    let mut expected = before[0].clone();
    expected["name"] = json!("b");
    assert_eq!(after, expected);
    assert_eq!(admin.keys().await, json!([expected]));
    assert_eq!(app.verify(&key).await.expect(200).header("x-keyward-key-name"), "b");
    // Its own name is not taken, and nothing to change is no mistake.
    admin.patch(&path, &json!({ "name": "b" })).await.expect(200);
    admin.patch(&path, &json!({})).await.expect(200);
}

async fn of_many_creations_with_one_name_exactly_one_wins(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wanted = json!({ "name": "contested" });
    let answers = join_all((0..20).map(|_| admin.post("/api/keys", &wanted))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|a| a.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        let message = "An API key named \"contested\" already exists";
        answer.expect_problem(409, "key_name_taken", message);
    }
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 1);
}

async fn changes_at_once_leave_the_cache_as_the_database_says(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    let path = format!("/api/keys/{id}");
    for _ in 0..5 {
        let bodies: Vec<Value> = (0..8).map(|n| json!({ "enabled": n % 2 == 0 })).collect();
        for answer in join_all(bodies.iter().map(|body| admin.patch(&path, body))).await {
            answer.expect(200);
        }
        let enabled = admin.keys().await[0]["enabled"].as_bool().unwrap();
        app.verify(&key).await.expect(if enabled { 200 } else { 401 });
    }
}

async fn a_caller_who_hangs_up_does_not_keep_a_revoked_key_alive(backend: Backend) {
    let app = App::start(backend).await;
    let actor = &Actor::command_line();
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    // Begun, kept from its end by another writer, and dropped.
    let writer = KeyRows::begin(&app.state.db, &app.state.rows, Arc::default()).await.unwrap();
    let deletion = app.state.keys.delete(id, actor);
    assert!(tokio::time::timeout(Duration::from_millis(50), deletion).await.is_err());
    drop(writer);
    for _ in 0..500 {
        if admin.keys().await == json!([]) && app.verify(&key).await.status == 401 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the deletion did not come to its end");
}

async fn another_process_is_followed(backend: Backend) {
    let app = App::start(backend).await;
    let actor = &Actor::command_line();
    let other = keyward::keys::Registry::load(
        app.database.connect().await,
        app.clock.clone(),
        app.state.audit.clone(),
        app.state.rows.clone(),
        Membership::of_command(),
        app.state.keys.watermark().to_nowhere(),
    );
    let other = other.await.unwrap();
    let wanted = |name: &str| NewKey::named(KeyName::try_from(name.to_owned()).unwrap());
    let (_, here) = app.state.keys.create(wanted("here"), actor).await.unwrap();
    let (record, there) = other.create(wanted("there"), actor).await.unwrap();
    if backend == Backend::Sqlite {
        // Nobody notifies it.
        app.verify(there.expose()).await.expect(401);
    }
    app.state.keys.refresh().await.unwrap();
    app.verify(there.expose()).await.expect(200);
    app.verify(here.expose()).await.expect(200);

    other.refresh().await.unwrap();
    assert_eq!(other.len(), 2);
    other.delete(record.id, actor).await.unwrap();
    // A change of its own in between does not make it believe that it has seen all.
    app.state.keys.create(wanted("more"), actor).await.unwrap();
    app.state.keys.refresh().await.unwrap();
    app.verify(there.expose()).await.expect(401);
    app.verify(here.expose()).await.expect(200);
}

async fn of_more_changes_than_are_remembered_none_is_missed(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let actor = &Actor::command_line();
    let (id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    let (_, kept) = admin.create_key(&json!({ "name": "kept" })).await;
    // A command has no key in memory, and revokes all the same.
    let command = keyward::keys::Registry::for_changes(
        app.database.connect().await,
        app.clock.clone(),
        app.state.audit.clone(),
        app.state.rows.clone(),
        app.state.keys.watermark().to_nowhere(),
    );
    let command = command.unwrap();
    command.delete(id, actor).await.unwrap();
    let mut last = None;
    for n in 0..70 {
        let name = KeyName::try_from(format!("key {n}")).unwrap();
        last = Some(command.create(NewKey::named(name), actor).await.unwrap().1);
    }
    if backend == Backend::Sqlite {
        app.verify(&revoked).await.expect(200);
    }
    app.state.keys.refresh().await.unwrap();
    app.verify(&revoked).await.expect(401);
    app.verify(&kept).await.expect(200);
    app.verify(last.unwrap().expose()).await.expect(200);
}

async fn two_servers_do_not_overwrite_what_the_other_changed(backend: Backend) {
    let app = App::start(backend).await;
    let actor = &Actor::command_line();
    let other = keyward::keys::Registry::load(
        app.database.connect().await,
        app.clock.clone(),
        app.state.audit.clone(),
        app.state.rows.clone(),
        Membership::of_command(),
        app.state.keys.watermark().to_nowhere(),
    );
    let other = other.await.unwrap();
    let (id, key) = app.admin().await.create_key(&json!({ "name": "a" })).await;
    let enabled = |enabled| KeyChange { enabled: Some(enabled), ..KeyChange::default() };
    for n in 0..20 {
        let scopes = serde_json::from_value(json!([format!("s{n}")])).unwrap();
        let scopes = KeyChange { scopes: Some(scopes), ..KeyChange::default() };
        let disable = enabled(false);
        let (there, here) = tokio::join!(
            other.update(id.clone(), scopes, actor),
            app.state.keys.update(id.clone(), disable, actor)
        );
        there.unwrap();
        here.unwrap();
        app.state.keys.refresh().await.unwrap();
        let stored = app.state.keys.get(&id).await.unwrap().unwrap();
        assert!(!stored.enabled, "the other server enabled it again");
        assert_eq!(stored.scopes.iter().collect::<Vec<_>>(), [format!("s{n}")]);
        app.verify(&key).await.expect(401);
        app.state.keys.update(id.clone(), enabled(true), actor).await.unwrap();
    }
}
