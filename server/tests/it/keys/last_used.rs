//! The time of the last use is written behind, forward only, and is no change of the key.

use std::time::Duration;

use keyward::settings::{self, Column, Entity, Model, RowType};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    uses_are_written_in_whole_seconds_without_touching_the_key,
    an_earlier_time_never_replaces_a_later_one,
    marks_survive_a_failed_write,
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
    assert_eq!(row(&app).await, Model { last_used_at: Some(used), ..before });
    assert_eq!(admin.keys().await[0]["lastUsedAt"], "2026-01-01T12:01:30Z");
}

async fn an_earlier_time_never_replaces_a_later_one(backend: Backend) {
    let app = App::start(backend).await;
    let (id, _) = app.admin().await.create_key(&json!({ "name": "n" })).await;
    let later = datetime!(2026-01-02 00:00 UTC);
    // Times that sort differently as text.
    for at in [later, datetime!(2026-01-01 23:59:59 UTC), datetime!(2025-12-31 00:00 UTC)] {
        settings::record_use(&app.state.db, RowType::ApiKey, &id, at, ["key_hash", "none"])
            .await
            .unwrap();
        assert_eq!(row(&app).await.last_used_at, Some(later));
    }
    let latest = datetime!(2027-01-01 00:00 UTC);
    for (kind, mark) in [(RowType::Config, "key_hash"), (RowType::ApiKey, "another key")] {
        settings::record_use(&app.state.db, kind, &id, latest, [mark, "none"]).await.unwrap();
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
