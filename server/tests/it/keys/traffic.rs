//! Verifications of each hour: counted in memory, added up in the database, kept for two days.

use std::time::Duration;

use keyward::keys::hours::{self, Counts, Hour};
use serde_json::json;
use time::OffsetDateTime;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    each_presented_key_counts_once_by_what_became_of_it,
    what_several_servers_counted_adds_up,
    what_cannot_be_written_waits_for_the_next_time,
    hours_are_kept_for_two_days_also_when_the_clock_is_set_back,
);

/// What is stored of the hours around now: how many hours after the first one, accepted, refused.
async fn stored(app: &App, first: OffsetDateTime) -> Vec<(i64, u64, u64)> {
    app.state.keys.flush().await.unwrap();
    let first = Hour::of(first);
    let found = hours::list(&app.state.db, first.plus(-100)..=first.plus(100)).await.unwrap();
    let after = |hour: Hour| (hour.start() - first.start()).whole_hours();
    let row = |(hour, Counts { accepted, refused })| (after(hour), accepted, refused);
    found.into_iter().map(row).collect()
}

async fn each_presented_key_counts_once_by_what_became_of_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (first, client) = (app.clock.now(), app.anonymous());
    let (_, key) = admin.create_key(&json!({ "name": "n", "scopes": ["keys:verify"] })).await;
    let body = json!({ "name": "off" });
    let (id, off) = admin.create_key(&body).await;
    admin.patch(&format!("/api/keys/{id}"), &json!({ "enabled": false })).await.expect(200);
    assert_eq!(stored(&app, first).await, []);
    // Forward auth: accepted once, refused four times; without a key is no attempt.
    client.verify(&key).await.expect(200);
    client.get_as(&key, "/api/verify?scope=other").await.expect(403);
    client.verify(&off).await.expect(401);
    client.verify("unknown").await.expect(401);
    client.verify("two,keys").await.expect(401);
    client.get("/api/verify").await.expect(401);
    assert_eq!(stored(&app, first).await, [(0, 1, 4)]);
    // A route of Keyward: a key that is good and may not do it is accepted all the same.
    client.get_as(&key, "/api/secrets").await.expect(403);
    client.get_as("unknown", "/api/secrets").await.expect(401);
    client.get("/api/secrets").await.expect(401);
    admin.get("/api/secrets").await.expect(200);
    assert_eq!(stored(&app, first).await, [(0, 2, 5)]);
    // A back end that asks: its own key, and the one that it asks about.
    let asked = async |body: serde_json::Value| {
        let headers: [(&str, &[u8]); 2] =
            [("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
        let (path, body) = ("/api/keys/verify", Some(body.to_string().into()));
        client.send(http::Method::POST, path, &headers, body).await.expect(200);
    };
    asked(json!({ "key": key })).await;
    asked(json!({ "key": key, "scope": "other" })).await;
    asked(json!({ "key": off })).await;
    assert_eq!(stored(&app, first).await, [(0, 2 + 3 + 1, 5 + 2)]);
}

async fn what_several_servers_counted_adds_up(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let first = app.clock.now();
    for server in [&app, &other, &app] {
        server.verify("unknown").await.expect(401);
    }
    stored(&other, first).await;
    assert_eq!(stored(&app, first).await, [(0, 0, 3)]);
    assert_eq!(stored(&app, first).await, [(0, 0, 3)], "each is written once");
    for server in [&app, &other] {
        server.clock.advance(Duration::from_mins(61));
        server.verify("unknown").await.expect(401);
    }
    let (one, two) = tokio::join!(app.state.keys.flush(), other.state.keys.flush());
    one.and(two).unwrap();
    assert_eq!(stored(&app, first).await, [(0, 0, 3), (1, 0, 2)]);
}

async fn what_cannot_be_written_waits_for_the_next_time(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, first) = (app.admin().await, app.clock.now());
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    app.verify(&key).await.expect(200);
    let rename = |from, to| format!("ALTER TABLE {from} RENAME TO {to}");
    app.execute(&rename("verification_hours", "hidden")).await;
    app.state.keys.flush().await.unwrap_err();
    assert_ne!(admin.keys().await[0]["lastUsedAt"], json!(null), "the last use is written");
    app.clock.advance(Duration::from_hours(1));
    app.verify("unknown").await.expect(401);
    app.state.keys.flush().await.unwrap_err();
    app.execute(&rename("hidden", "verification_hours")).await;
    assert_eq!(stored(&app, first).await, [(0, 1, 0), (1, 0, 1)]);
}

async fn hours_are_kept_for_two_days_also_when_the_clock_is_set_back(backend: Backend) {
    let app = App::start(backend).await;
    let first = app.clock.now();
    app.verify("unknown").await.expect(401);
    assert_eq!(stored(&app, first).await, [(0, 0, 1)]);
    app.clock.advance(Duration::from_hours(48));
    app.verify("unknown").await.expect(401);
    assert_eq!(stored(&app, first).await, [(0, 0, 1), (48, 0, 1)]);
    app.clock.set_back(Duration::from_hours(1));
    app.verify("unknown").await.expect(401);
    assert_eq!(stored(&app, first).await, [(0, 0, 1), (47, 0, 1), (48, 0, 1)]);
    app.clock.advance(Duration::from_hours(2));
    app.verify("unknown").await.expect(401);
    assert_eq!(stored(&app, first).await, [(47, 0, 1), (48, 0, 1), (49, 0, 1)]);
    // What a clock wrote that was days ahead goes too.
    app.clock.set_back(Duration::from_hours(60));
    app.verify("unknown").await.expect(401);
    assert_eq!(stored(&app, first).await, [(-11, 0, 1)]);
}
