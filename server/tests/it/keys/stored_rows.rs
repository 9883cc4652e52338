//! Rows that this version did not write: the older layout, other types, broken ones.

use keyward::settings::{Column, Entity, RowType};
use keyward_core::digest::KeyDigest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    the_older_single_key_is_listed_and_accepted,
    a_name_in_the_json_is_the_name_shown_and_is_taken,
    a_corrupt_row_is_reported_and_stops_no_other,
    rows_of_other_types_are_never_keys,
    of_two_rows_with_one_digest_the_older_one_counts,
    a_row_that_the_driver_cannot_read_stops_no_other,
);

/// An app on a database that already has these rows: id, type, key, value.
async fn app_with(backend: Backend, rows: &[(&str, &str, &str, String)]) -> App {
    app_after(backend, rows, "").await
}

/// An app on a database with these rows, after `damage` was done to it.
async fn app_after(backend: Backend, rows: &[(&str, &str, &str, String)], damage: &str) -> App {
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    keyward::database::migrate(&db).await.unwrap();
    for (n, (id, kind, key, value)) in rows.iter().enumerate() {
        let sql = format!(
            "INSERT INTO settings (id, type, key, value, created_at, updated_at) VALUES \
             ('{id}', '{kind}', '{key}', '{value}', '2025-01-01 00:00:0{n}+00:00', '2025-01-01 00:00:00+00:00')"
        );
        db.execute_unprepared(&sql).await.unwrap();
    }
    db.execute_unprepared(damage).await.unwrap();
    db.close().await.unwrap();
    App::with(database, &ADMIN).await
}

fn value(key: &str) -> String {
    json!({ "key_prefix": &key[..4], "key_hash": KeyDigest::of(key).to_hex() }).to_string()
}

async fn the_older_single_key_is_listed_and_accepted(backend: Backend) {
    let app =
        app_with(backend, &[("legacy-1", "api_key", "api_key", value("old-style-key"))]).await;
    let answer = app.verify("old-style-key").await.expect(200);
    assert_eq!(answer.data(), json!({ "keyId": "legacy-1", "name": "api_key", "scopes": [] }));
    let admin = app.admin().await;
    let expected = json!([{
        "id": "legacy-1", "name": "api_key", "prefix": "old-", "scopes": [],
        "createdAt": "2025-01-01T00:00:00Z", "createdBy": null, "lastUsedAt": null,
        "expiresAt": null, "enabled": true,
    }]);
    assert_eq!(admin.keys().await, expected);
    admin.patch("/api/keys/legacy-1", &json!({ "name": "renamed" })).await.expect(200);
    assert_eq!(app.verify("old-style-key").await.expect(200).data()["name"], "renamed");
    admin.delete("/api/keys/legacy-1").await.expect(200);
    app.verify("old-style-key").await.expect(401);
}

async fn a_name_in_the_json_is_the_name_shown_and_is_taken(backend: Backend) {
    let mut named: Value = serde_json::from_str(&value("old-style-key")).unwrap();
    named["name"] = json!("shown");
    let app = app_with(backend, &[("l", "api_key", "api_key", named.to_string())]).await;
    let admin = app.admin().await;
    assert_eq!(admin.keys().await[0]["name"], "shown");
    let message = "An API key named \"shown\" already exists";
    let refused = admin.post("/api/keys", &json!({ "name": "shown" })).await;
    refused.expect_problem(409, "key_name_taken", message);
    // Renamed, it shows the new name and frees the old one.
    let renamed = admin.patch("/api/keys/l", &json!({ "name": "new" })).await.expect(200);
    assert_eq!(renamed.data()["name"], "new");
    admin.create_key(&json!({ "name": "shown" })).await;
}

async fn a_corrupt_row_is_reported_and_stops_no_other(backend: Backend) {
    let rows = [
        ("good-1", "api_key", "first", value("key-number-one")),
        ("bad-1", "api_key", "broken json", "{\"key_hash\":".to_owned()),
        (
            "bad-2",
            "api_key",
            "short hash",
            json!({ "key_prefix": "p", "key_hash": "abc" }).to_string(),
        ),
        ("bad-3", "api_key", "empty", String::new()),
        (
            "bad-4",
            "api_key",
            "odd scope",
            value("k-o-s").replace('}', ",\"scopes\":[\"NOT A SCOPE\"]}"),
        ),
        ("good-2", "api_key", "last", value("key-number-two")),
    ];
    let app = app_with(backend, &rows).await;
    app.verify("key-number-one").await.expect(200);
    app.verify("key-number-two").await.expect(200);
    app.verify("k-o-s").await.expect(401);
    let admin = app.admin().await;
    let listed = admin.keys().await;
    let unreadable: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|key| key["unreadable"] == true && key["enabled"] == false)
        .map(|key| key["name"].as_str().unwrap())
        .collect();
    assert_eq!(unreadable, ["broken json", "short hash", "empty", "odd scope"]);
    assert_eq!(listed.as_array().unwrap().len(), 6);

    let refused = admin.patch("/api/keys/bad-1", &json!({ "enabled": true })).await;
    assert_eq!((refused.status, &refused.body()["code"]), (409, &json!("key_unreadable")));
    admin.delete("/api/keys/bad-1").await.expect(200);
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 5);
}

async fn rows_of_other_types_are_never_keys(backend: Backend) {
    let rows = [
        ("c-1", "config", "api_key", value("config-not-key")),
        ("c-2", "API_KEY", "upper", value("upper-not-key")),
        ("c-3", "api_key2", "like", value("like-not-key")),
        ("k-1", "api_key", "real", value("the-real-one")),
    ];
    let app = app_with(backend, &rows).await;
    for key in ["config-not-key", "upper-not-key", "like-not-key"] {
        app.verify(key).await.expect(401);
    }
    app.verify("the-real-one").await.expect(200);
    let admin = app.admin().await;
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 1);
    for id in ["c-1", "c-2", "c-3"] {
        admin.delete(&format!("/api/keys/{id}")).await.expect(404);
        admin.patch(&format!("/api/keys/{id}"), &json!({ "name": "x" })).await.expect(404);
        assert_eq!(keyward::settings::delete(&app.state.db, RowType::ApiKey, id).await.unwrap(), 0);
    }
    let others = Entity::find().filter(Column::Id.starts_with("c-")).all(&app.state.db).await;
    let keys: Vec<_> = others.unwrap().into_iter().map(|row| (row.id, row.key)).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.contains(&("c-1".to_owned(), "api_key".to_owned())));
}

async fn of_two_rows_with_one_digest_the_older_one_counts(backend: Backend) {
    let rows = [
        ("a-older", "api_key", "older", value("twice-stored")),
        ("b-newer", "api_key", "newer", value("twice-stored")),
    ];
    let app = app_with(backend, &rows).await;
    assert_eq!(app.verify("twice-stored").await.expect(200).data()["name"], "older");
    let admin = app.admin().await;
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 2);
    // The other row holds the key as well, and is listed: as it would be after a restart.
    admin.delete("/api/keys/a-older").await.expect(200);
    assert_eq!(app.verify("twice-stored").await.expect(200).data()["name"], "newer");
    admin.delete("/api/keys/b-newer").await.expect(200);
    app.verify("twice-stored").await.expect(401);
}

async fn a_row_that_the_driver_cannot_read_stops_no_other(backend: Backend) {
    let mut with_name: Value = serde_json::from_str(&value("key-number-two")).unwrap();
    with_name["name"] = json!("odd");
    let with_name = with_name.to_string();
    let rows = [
        ("good", "api_key", "good", value("key-number-one")),
        ("odd", "api_key", "odd", with_name),
    ];
    let damage = match backend {
        Backend::Postgres => "UPDATE settings SET created_at = 'infinity' WHERE id = 'odd'",
        Backend::Sqlite => {
            "UPDATE settings SET created_at = 'yesterday', value = X'FF' WHERE id = 'odd'"
        }
    };
    let app = app_after(backend, &rows, damage).await;
    let listed = app.admin().await.keys().await;
    let unreadable = listed.as_array().unwrap().iter().filter(|key| key["unreadable"] == true);
    assert_eq!(unreadable.count(), 1);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    app.verify("key-number-one").await.expect(200);
    app.verify("key-number-two").await.expect(401);
    // Neither does it stop changes of others, nor give away its name.
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "new" })).await;
    let path = format!("/api/keys/{id}");
    admin.patch(&path, &json!({ "name": "odd" })).await.expect(409);
    admin.patch(&path, &json!({ "name": "newer" })).await.expect(200);
    let answer = admin.patch("/api/keys/odd", &json!({ "name": "x" })).await.expect(409);
    assert_eq!(answer.body()["code"], "key_unreadable");
    admin.delete("/api/keys/odd").await.expect(200);
    admin.patch(&path, &json!({ "name": "odd" })).await.expect(200);
}
