//! The last use, its time and address, is written behind, forward only, and is no change of the
//! key.

use std::time::Duration;

use keyward::audit::Actor;
use keyward::settings::{self, Column, Entity, Model, RowType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    uses_are_written_in_whole_seconds_without_touching_the_key,
    an_earlier_time_never_replaces_a_later_one,
    marks_survive_a_failed_write,
    one_key_shows_its_first_use_at_once_and_from_where,
    the_address_is_that_of_the_client_behind_a_proxy_or_none,
    a_rotation_takes_the_address_away_and_one_that_is_undone_brings_it_back,
);

async fn row(app: &App) -> Model {
    let is_key = Column::Kind.eq(RowType::ApiKey.as_str());
    Entity::find().filter(is_key).one(&app.state.db).await.unwrap().unwrap()
}

async fn uses_are_written_in_whole_seconds_without_touching_the_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    let before = row(&app).await;
    app.clock.advance(Duration::from_millis(90_500));
    for _ in 0..3 {
        app.verify(&key).await.expect(200);
    }
    assert_eq!(row(&app).await, before, "nothing is written by a verification");
    app.state.keys.flush().await.unwrap();
    let used = datetime!(2026-01-01 12:01:30 UTC);
    let last_used_address = Some("127.0.0.1".to_owned());
    let used = Model { last_used_at: Some(used), last_used_address, ..before };
    assert_eq!(row(&app).await, used);
    let shown = admin.keys().await[0].take();
    assert_eq!(shown["lastUsedAt"], "2026-01-01T12:01:30Z");
    assert_eq!(shown["lastUsedAddress"], "127.0.0.1");
}

async fn an_earlier_time_never_replaces_a_later_one(backend: Backend) {
    let app = App::start(backend).await;
    let (id, _) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let later = datetime!(2026-01-02 00:00 UTC);
    // Times that sort differently as text.
    for at in [later, datetime!(2026-01-01 23:59:59 UTC), datetime!(2025-12-31 00:00 UTC)] {
        let (used, marks) = ((at, None), ["key_hash", "none"]);
        settings::record_use(&app.state.db, RowType::ApiKey, &id, used, marks).await.unwrap();
        assert_eq!(row(&app).await.last_used_at, Some(later));
    }
    let latest = datetime!(2027-01-01 00:00 UTC);
    for (kind, mark) in [(RowType::Config, "key_hash"), (RowType::ApiKey, "another key")] {
        let (used, marks) = ((latest, None), [mark, "none"]);
        settings::record_use(&app.state.db, kind, &id, used, marks).await.unwrap();
    }
    assert_eq!(row(&app).await.last_used_at, Some(later), "another type matches nothing");
}

async fn marks_survive_a_failed_write(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    app.verify(&key).await.expect(200);
    let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
    app.execute(&rename("settings", "hidden")).await;
    app.state.keys.flush().await.unwrap_err();
    app.execute(&rename("hidden", "settings")).await;
    assert_eq!(admin.keys().await[0]["lastUsedAt"], Value::Null);
    app.state.keys.flush().await.unwrap();
    assert_eq!(admin.keys().await[0]["lastUsedAt"], "2026-01-01T12:00:00Z");
}

async fn one_key_shows_its_first_use_at_once_and_from_where(backend: Backend) {
    let app = App::start(backend).await;
    let (other, admin) = (app.sibling().await, app.admin().await);
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let path = format!("/api/keys/{id}");
    let unused = admin.get(&path).await.expect(200).data();
    assert_eq!(unused["lastUsedAt"], Value::Null);
    assert!(unused.get("lastUsedAddress").is_none(), "{unused}");
    app.clock.advance(Duration::from_millis(2_500));
    app.verify(&key).await.expect(200);
    let used = admin.get(&path).await.expect(200).data();
    assert_eq!(used["lastUsedAt"], "2026-01-01T12:00:02Z");
    assert_eq!(used["lastUsedAddress"], "127.0.0.1");
    assert_eq!(admin.keys().await[0], unused, "the list shows what is written");
    // Another server shows it from then on, and what it wrote later is shown here.
    app.state.keys.flush().await.unwrap();
    let there = other.admin().await;
    assert_eq!(there.get(&path).await.expect(200).data(), used);
    other.clock.advance(Duration::from_mins(1));
    other.state.keys.refresh().await.unwrap();
    other.verify(&key).await.expect(200);
    other.state.keys.flush().await.unwrap();
    let later = admin.get(&path).await.expect(200).data();
    assert_eq!(later["lastUsedAt"], "2026-01-01T12:01:00Z");
    // The old key of a rotation as well.
    let new = admin.rotated_key(&id, 600).await;
    app.clock.advance(Duration::from_mins(2));
    app.verify(&key).await.expect(200);
    let overlap = admin.get(&path).await.expect(200).data();
    assert_eq!(overlap["lastUsedAt"], Value::Null);
    assert_eq!(overlap["overlap"]["lastUsedAt"], "2026-01-01T12:02:02Z");
    app.verify(&new).await.expect(200);
    let overlap = admin.get(&path).await.expect(200).data();
    assert_eq!(overlap["lastUsedAt"], "2026-01-01T12:02:02Z");
}

async fn the_address_is_that_of_the_client_behind_a_proxy_or_none(backend: Backend) {
    let proxies = [ADMIN[0], ADMIN[1], ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let app = App::with(TestDatabase::new(backend).await, &proxies).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    for (forwarded, address) in [
        ("203.0.113.9", json!("203.0.113.9")),
        ("unknown", Value::Null),
        ("::ffff:203.0.113.7", json!("203.0.113.7")),
        ("2001:db8::1, 127.0.0.1", json!("2001:db8::1")),
    ] {
        app.clock.advance(Duration::from_secs(5));
        let headers = [("x-api-key", key.as_bytes()), ("x-forwarded-for", forwarded.as_bytes())];
        app.anonymous().get_with("/api/verify", &headers).await.expect(200);
        let shown = admin.get(&format!("/api/keys/{id}")).await.expect(200).data();
        app.state.keys.flush().await.unwrap();
        let stored = admin.keys().await[0].take();
        assert_eq!(shown, stored, "{forwarded}");
        let shown = shown.get("lastUsedAddress").cloned().unwrap_or_default();
        assert_eq!(shown, address, "{forwarded}");
    }
    // What stands there from outside and is no address is not shown.
    app.execute("UPDATE settings SET last_used_address = 'planted' WHERE type = 'api_key'").await;
    assert!(admin.keys().await[0].get("lastUsedAddress").is_none());
}

async fn a_rotation_takes_the_address_away_and_one_that_is_undone_brings_it_back(backend: Backend) {
    let app = App::start(backend).await;
    let (id, key) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    app.verify(&key).await.expect(200);
    let (keys, actor) = (&app.state.keys, Actor::command_line());
    let grace = Duration::from_mins(1);
    let (record, _, replaced) = keys.replace(id, grace, &actor).await.unwrap();
    assert_eq!((record.data.last_used_at, &record.data.last_used_address), (None, &None));
    assert_eq!(row(&app).await.last_used_address, None);
    keys.put_back(replaced, &actor).await.unwrap();
    assert_eq!(row(&app).await.last_used_address.as_deref(), Some("127.0.0.1"));
}
