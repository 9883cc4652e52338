//! A key is replaced by another, and both work for a while.

use std::time::Duration;

use http::Method;
use keyward::audit::entity::log;
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    both_keys_work_until_the_instant_the_overlap_ends,
    all_but_the_key_stays,
    an_overlap_is_ended_before_its_answer,
    a_rotation_without_grace_ends_the_old_key_at_once,
    only_the_last_two_keys_work,
    the_old_key_never_outlives_the_expiry,
    the_list_shows_when_the_old_key_was_used,
    what_is_no_grace_is_refused_and_nothing_changes,
    keys_that_cannot_be_rotated_stay_as_they_are,
    an_overlap_survives_a_restart_and_reaches_other_servers,
    rotations_at_once_leave_one_key_and_the_one_before,
);

const HOUR: Duration = Duration::from_hours(1);

async fn both_keys_work_until_the_instant_the_overlap_ends(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n", "scopes": ["a"] })).await;
    let data = admin.rotate_key(&id, 3_600).await.expect(200).data();
    let new = data["key"].as_str().unwrap().to_owned();
    assert!(new.starts_with("kw_") && new.len() == 51 && new != old);
    let overlap = json!({
        "prefix": old[..8], "endsAt": "2026-01-01T13:00:00Z", "lastUsedAt": null,
    });
    assert_eq!(data["overlap"], overlap);
    for key in [&old, &new] {
        let answer = app.verify(key).await.expect(200);
        assert_eq!(answer.header("x-keyward-key-id"), id);
        assert_eq!(answer.header("x-keyward-scopes"), "a");
    }
    app.clock.advance(Duration::from_micros(3_599_999_999));
    app.verify(&old).await.expect(200);
    assert_eq!(admin.keys().await[0]["overlap"]["endsAt"], "2026-01-01T13:00:00Z");
    app.clock.advance(Duration::from_micros(1));
    app.verify(&old).await.expect(401);
    app.verify(&new).await.expect(200);
    assert_eq!(admin.keys().await[0]["overlap"], Value::Null);
    // Seen once, the end is final, whatever else is changed, here or elsewhere.
    app.clock.set_back(HOUR);
    app.verify(&old).await.expect(401);
    app.sibling().await.admin().await.create_key(&json!({ "name": "other" })).await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&old).await.expect(401);
}

async fn all_but_the_key_stays(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wanted = json!({
        "name": "größe", "scopes": ["a", "b:c"], "expiresAt": "2026-06-01T00:00:00Z",
        "rateLimit": { "requests": 5, "windowSeconds": 60 }, "allowedNetworks": ["127.0.0.0/8"],
    });
    let (id, old) = admin.create_key(&wanted).await;
    let before = admin.keys().await[0].clone();
    app.clock.advance(HOUR);
    let mut after = admin.rotate_key(&id, 604_800).await.expect(200).data();
    let new = after["key"].take().as_str().unwrap().to_owned();
    let after = after.as_object_mut().unwrap();
    after.remove("key");
    assert_eq!(after["prefix"], new[..8]);
    assert_eq!(after["overlap"]["endsAt"], "2026-01-08T13:00:00Z");
    assert_eq!(admin.keys().await[0], Value::from(after.clone()));
    after.remove("overlap");
    after.insert("prefix".to_owned(), before["prefix"].clone());
    assert_eq!(Value::from(after.clone()), before);
    // The key is in no place but the answer; the audit log names neither.
    let log = log::Entity::find().all(&app.state.db).await.unwrap();
    let last = log.last().unwrap();
    assert_eq!((last.action.as_str(), last.target.as_deref()), ("key.rotate", Some("größe")));
    assert_eq!(last.detail.as_deref(), Some("grace: 604800 s"));
    let shown = format!("{log:?}{}", admin.get("/api/keys").await.text);
    assert!(!shown.contains(&new[8..]) && !shown.contains(&old[8..]));
}

async fn an_overlap_is_ended_before_its_answer(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n" })).await;
    let path = format!("/api/keys/{id}/overlap");
    let none = "This API key has no old key that still works";
    admin.delete(&path).await.expect_problem(404, "no_overlap", none);
    let new = admin.rotated_key(&id, 3_600).await;
    app.verify(&old).await.expect(200);
    let data = admin.delete(&path).await.expect(200).data();
    assert_eq!((&data["id"], &data["overlap"]), (&json!(id), &Value::Null));
    app.verify(&old).await.expect(401);
    app.verify(&new).await.expect(200);
    let before = app.audit_entries().await;
    admin.delete(&path).await.expect_problem(404, "no_overlap", none);
    // One that is over is none either.
    admin.rotated_key(&id, 60).await;
    app.clock.advance(HOUR);
    admin.delete(&path).await.expect_problem(404, "no_overlap", none);
    assert_eq!(app.audit_entries().await, before + 1);
}

async fn a_rotation_without_grace_ends_the_old_key_at_once(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n" })).await;
    let new = admin.rotated_key(&id, 0).await;
    app.verify(&old).await.expect(401);
    app.verify(&new).await.expect(200);
    assert_eq!(admin.keys().await[0]["overlap"], Value::Null);
}

async fn only_the_last_two_keys_work(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, first) = admin.create_key(&json!({ "name": "n" })).await;
    let second = admin.rotated_key(&id, 604_800).await;
    let third = admin.rotated_key(&id, 60).await;
    app.verify(&first).await.expect(401);
    app.verify(&second).await.expect(200);
    app.verify(&third).await.expect(200);
    app.state.keys.refresh().await.unwrap();
    app.clock.advance(Duration::from_mins(1));
    app.verify(&second).await.expect(401);
    // Deleted, disabled: both at once.
    let fourth = admin.rotated_key(&id, 600).await;
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "enabled": false })).await.expect(200);
    app.verify(&third).await.expect(401);
    app.verify(&fourth).await.expect(401);
    admin.patch(&path, &json!({ "enabled": true, "name": "m" })).await.expect(200);
    assert_eq!(app.verify(&third).await.expect(200).header("x-keyward-key-name"), "m");
    admin.delete(&path).await.expect(200);
    app.verify(&third).await.expect(401);
    app.verify(&fourth).await.expect(401);
}

async fn the_old_key_never_outlives_the_expiry(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "n", "expiresAt": "2026-01-01T12:10:00Z" });
    let (id, old) = admin.create_key(&body).await;
    let new = admin.rotated_key(&id, 3_600).await;
    assert_eq!(admin.keys().await[0]["overlap"]["endsAt"], "2026-01-01T12:10:00Z");
    app.clock.advance(Duration::from_secs(599));
    app.verify(&old).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    app.verify(&old).await.expect(401);
    app.verify(&new).await.expect(401);
    // A later expiry revives the key, and not the overlap that has ended.
    let later = json!({ "expiresAt": "2026-02-01T00:00:00Z" });
    admin.patch(&format!("/api/keys/{id}"), &later).await.expect(200);
    app.verify(&new).await.expect(200);
    app.verify(&old).await.expect(401);
}

async fn the_list_shows_when_the_old_key_was_used(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n" })).await;
    app.verify(&old).await.expect(200);
    app.clock.advance(Duration::from_mins(1));
    // What was not written yet is taken along.
    let new = admin.rotated_key(&id, 3_600).await;
    let used = async || {
        app.state.keys.flush().await.unwrap();
        let key = admin.keys().await[0].clone();
        let text = |value: &Value| value.as_str().map_or("-", |text| &text[11..]).to_owned();
        (text(&key["lastUsedAt"]), text(&key["overlap"]["lastUsedAt"]))
    };
    let seen = |own: &str, old: &str| (own.to_owned(), old.to_owned());
    assert_eq!(used().await, seen("-", "12:00:00Z"));
    app.verify(&new).await.expect(200);
    assert_eq!(used().await, seen("12:01:00Z", "12:00:00Z"));
    app.clock.advance(Duration::from_mins(1));
    app.verify(&old).await.expect(200);
    assert_eq!(used().await, seen("12:01:00Z", "12:02:00Z"));
    app.clock.set_back(Duration::from_mins(2));
    app.verify(&old).await.expect(200);
    assert_eq!(used().await, seen("12:01:00Z", "12:02:00Z"));
    // A use that another server has not written yet, of a key that is replaced meanwhile.
    app.clock.advance(Duration::from_mins(3));
    let sibling = app.sibling().await;
    sibling.clock.advance(Duration::from_mins(3));
    sibling.verify(&new).await.expect(200);
    let third = admin.rotated_key(&id, 3_600).await;
    sibling.state.keys.flush().await.unwrap();
    assert_eq!(used().await, seen("-", "12:03:00Z"));
    // What only the oldest key was used for is not said of the one that replaced it.
    let fourth = admin.rotated_key(&id, 3_600).await;
    assert_eq!(used().await, seen("-", "-"));
    app.verify(&third).await.expect(200);
    app.verify(&fourth).await.expect(200);
    admin.delete(&format!("/api/keys/{id}/overlap")).await.expect(200);
    assert_eq!(used().await, seen("12:03:00Z", "-"));
}

async fn what_is_no_grace_is_refused_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let (before, entries) = (admin.keys().await, app.audit_entries().await);
    let range = "Expected a whole number from 0 to 604800";
    for grace in ["-1", "604801", "1.5", "1e3", "99999999999999999999", "\"60\"", "true", "[60]"] {
        let body = format!("{{\"graceSeconds\":{grace}}}");
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        let path = format!("/api/keys/{id}/rotate");
        let answer = admin.send(Method::POST, &path, &headers, Some(body.into_bytes())).await;
        let answer = answer.expect_problem(400, "validation_failed", range);
        assert_eq!(answer.body()["errors"][0]["field"], "graceSeconds");
    }
    let path = format!("/api/keys/{id}/rotate");
    for (body, message) in [
        (json!({}), "Grace seconds is required"),
        (json!({ "graceSeconds": null }), "Grace seconds is required"),
        (json!({ "graceSeconds": 1, "grace": 1 }), "Unknown field"),
        (json!([60]), "Expected an object"),
    ] {
        admin.post(&path, &body).await.expect_problem(400, "validation_failed", message);
    }
    assert_eq!((admin.keys().await, app.audit_entries().await), (before, entries));
    app.verify(&key).await.expect(200);
}

async fn keys_that_cannot_be_rotated_stay_as_they_are(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "n", "expiresAt": "2026-01-01T12:00:01Z" });
    let (id, _) = admin.create_key(&body).await;
    app.clock.advance(Duration::from_secs(1));
    let before = admin.keys().await;
    let message = "This API key has expired; change its expiry before you rotate it";
    admin.rotate_key(&id, 60).await.expect_problem(409, "key_expired", message);
    for unknown in ["00000000-0000-0000-0000-000000000000", "%00", "x%20y", &"x".repeat(65)] {
        admin.rotate_key(unknown, 60).await.expect_problem(
            404,
            "key_not_found",
            "API key not found",
        );
        let path = format!("/api/keys/{unknown}/overlap");
        admin.delete(&path).await.expect_problem(404, "key_not_found", "API key not found");
    }
    assert_eq!(admin.keys().await, before);
}

async fn an_overlap_survives_a_restart_and_reaches_other_servers(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "n" })).await;
    let sibling = app.sibling().await;
    let new = admin.rotated_key(&id, 3_600).await;
    sibling.state.keys.refresh().await.unwrap();
    let restarted = app.sibling().await;
    for server in [&sibling, &restarted] {
        server.verify(&old).await.expect(200);
        server.verify(&new).await.expect(200);
    }
    admin.delete(&format!("/api/keys/{id}/overlap")).await.expect(200);
    sibling.state.keys.refresh().await.unwrap();
    sibling.verify(&old).await.expect(401);
    sibling.verify(&new).await.expect(200);
    restarted.clock.advance(HOUR);
    restarted.verify(&old).await.expect(401);
}

async fn rotations_at_once_leave_one_key_and_the_one_before(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, first) = admin.create_key(&json!({ "name": "n" })).await;
    let rotations = (0..8).map(|_| admin.rotated_key(&id, 600));
    let mut keys = futures_util::future::join_all(rotations).await;
    keys.push(first);
    let mut accepted = 0;
    for key in &keys {
        accepted += u32::from(app.verify(key).await.status == 200);
    }
    assert_eq!(accepted, 2);
    let listed = admin.keys().await;
    assert_eq!(listed.as_array().unwrap().len(), 1);
}
