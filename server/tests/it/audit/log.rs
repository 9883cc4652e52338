//! The audit log: what is in it, and that it shows when it was changed.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::audit::entity::log;
use keyward::audit::{Action, Actor};
use sea_orm::EntityTrait;
use serde_json::{Value, json};

use crate::support::{App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    everything_that_is_done_is_recorded_with_who_and_from_where,
    what_a_key_does_is_recorded_with_the_key,
    a_request_whose_address_cannot_be_read_is_recorded_without_one,
    what_is_refused_changes_nothing_but_the_log,
    refusals_are_folded_by_the_minute,
    it_is_read_in_parts_and_by_filters,
    filters_that_make_no_sense_are_refused,
    it_is_exported_as_json_lines,
    a_change_of_the_log_is_reported,
    a_log_that_was_cut_off_is_reported_for_ever,
    an_earlier_head_that_is_put_back_is_reported,
    a_name_with_a_nul_is_recorded,
    many_writers_make_one_chain,
    no_value_is_sent_when_it_cannot_be_recorded,
);

/// Action, target and detail, oldest first.
fn lines(entries: &[Value]) -> Vec<String> {
    let line = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", text("action"), text("target"), text("outcome"), text("detail"))
    };
    entries.iter().rev().map(line).collect()
}

/// What is reported of a log as it was written, with so many entries.
fn whole(entries: u64) -> Value {
    json!({
        "valid": true, "verified": entries, "broken": null, "breaks": [], "totalBreaks": 0,
    })
}

async fn everything_that_is_done_is_recorded_with_who_and_from_where(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "ci" })).await;
    let change = json!({ "name": "ci 2", "enabled": false, "expiresAt": "2027-01-01T00:00:00Z" });
    admin.patch(&format!("/api/keys/{id}"), &change).await.expect(200);
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    admin.add_secret("A", "planted").await;
    admin.get("/api/secrets/A").await.expect(200);
    let both = json!({ "value": "planted", "description": "d" });
    admin.put_secret("A", &both).await.expect(200);
    admin.put_secret("A", &json!({ "description": null })).await.expect(200);
    admin.rotate_data_key().await.expect(200);
    admin.delete("/api/secrets/A").await.expect(200);
    admin.delete("/api/session").await.expect(200);
    let wrong = json!({ "email": EMAIL, "password": "planted wrong" });
    app.anonymous().post("/api/session", &wrong).await.expect(401);
    let unknown = json!({ "email": "planted@example.com", "password": PASSWORD });
    app.anonymous().post("/api/session", &unknown).await.expect(401);

    let admin = app.admin().await;
    let entries = admin.audit_log("").await;
    let expected = [
        "encryption.mint version 1 success -".to_owned(),
        format!("user.create {EMAIL} success -"),
        format!("session.create {EMAIL} success -"),
        "key.create ci success scopes: none, expiry: never, rate limit: none, networks: all"
            .to_owned(),
        "key.update ci success name: ci 2, expiry: 2027-01-01T00:00:00Z, enabled: false".to_owned(),
        "key.delete ci 2 success -".to_owned(),
        "secret.create A success -".to_owned(),
        "secret.read A success -".to_owned(),
        "secret.update A success value and description".to_owned(),
        "secret.update A success description".to_owned(),
        "encryption.rotate version 2 success 1 values re-encrypted".to_owned(),
        "secret.delete A success -".to_owned(),
        format!("session.delete {EMAIL} success -"),
        format!("session.create {EMAIL} refused -"),
        "session.create - refused -".to_owned(),
        format!("session.create {EMAIL} success -"),
    ];
    assert_eq!(lines(&entries), expected);
    assert!(!format!("{entries:?}").contains("planted"));
    let read = entries.iter().find(|entry| entry["action"] == "secret.read").unwrap();
    let session = admin.get("/api/session").await.expect(200).data();
    let actor = json!({ "kind": "user", "id": session["userId"], "name": EMAIL });
    assert_eq!((&read["actor"], &read["address"]), (&actor, &json!("127.0.0.1")));
    assert_eq!(read["time"], "2026-01-01T12:00:00Z");
    assert_eq!(read["requestId"].as_str().unwrap().len(), 36);
    assert_eq!(entries.last().unwrap()["actor"]["kind"], "system");
    let sequence: Vec<_> = entries.iter().rev().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert_eq!(sequence, (1..=16).collect::<Vec<u64>>());
    // And the reading itself.
    assert_eq!(admin.verify_log().await, whole(17));
}

async fn what_a_key_does_is_recorded_with_the_key(backend: Backend) {
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", EMAIL),
        ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
        ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    let body = json!({ "name": "reader", "scopes": ["secrets:read"] });
    let (id, key) = admin.create_key(&body).await;
    let headers: [(&str, &[u8]); 2] = [("x-api-key", key.as_bytes()), ("x-request-id", b"req-1")];
    app.anonymous().get_with("/api/secrets/A", &headers).await.expect(200);
    app.anonymous().send(Method::DELETE, "/api/secrets/A", &headers, None).await.expect(403);
    app.anonymous().send(Method::POST, "/api/secrets", &headers, None).await.expect(403);
    let recorded = admin.audit_log("&actor=reader").await;
    let expected = [
        "secret.read A success -",
        "secret.delete A refused the scope secrets:write is missing",
        "secret.create - refused the scope secrets:write is missing",
    ];
    assert_eq!(lines(&recorded), expected);
    let actor = json!({ "kind": "key", "id": id, "name": "reader" });
    assert!(recorded.iter().all(|e| e["actor"] == actor && e["requestId"] == "req-1"));

    // A client that is no proxy does not name the request, in the log or in the answer.
    let direct = App::with(app.database.shared(), &[]).await;
    direct.state.keys.refresh().await.unwrap();
    let answer = direct.anonymous().get_with("/api/secrets/A", &headers).await.expect(200);
    let given = answer.header("x-request-id");
    let last = admin.audit_log("&actor=reader").await[0].clone();
    assert_eq!((last["requestId"].as_str(), given.len()), (Some(given), 36));
}

async fn a_request_whose_address_cannot_be_read_is_recorded_without_one(backend: Backend) {
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", EMAIL),
        ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
        ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let admin = app.admin().await;
    for (forwarded, address) in [
        ("unknown", Value::Null),
        ("198.51.100.7, unknown", Value::Null),
        ("unknown, 198.51.100.7", json!("198.51.100.7")),
    ] {
        let headers: [(&str, &[u8]); 2] =
            [("x-forwarded-for", forwarded.as_bytes()), ("content-type", b"application/json")];
        let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string().into_bytes();
        let client = app.anonymous();
        client.send(Method::POST, "/api/session", &headers, Some(body)).await.expect(200);
        let last = admin.audit_log("&action=session.create").await[0].clone();
        assert_eq!(last["address"], address, "{forwarded}");
    }
}

async fn what_is_refused_changes_nothing_but_the_log(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let before = app.audit_entries().await;
    admin.post("/api/secrets", &json!({ "key": "a", "value": "v" })).await.expect(400);
    admin.get("/api/secrets/NOTHING").await.expect(404);
    admin.delete("/api/secrets/NOTHING").await.expect(404);
    admin.post("/api/keys", &json!({ "name": "" })).await.expect(400);
    admin.delete("/api/keys/nobody").await.expect(404);
    app.anonymous().get("/api/secrets/A").await.expect(401);
    assert_eq!(app.audit_entries().await, before, "there is nothing to record");
}

async fn refusals_are_folded_by_the_minute(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let wrong = json!({ "email": EMAIL, "password": "wrong" });
    for _ in 0..5 {
        app.anonymous().post("/api/session", &wrong).await.expect(401);
    }
    let refused = admin.audit_log("&outcome=refused").await;
    assert_eq!(lines(&refused), [format!("session.create {EMAIL} refused -")]);
    app.state.refusals.flush().await.unwrap();
    let refused = admin.audit_log("&outcome=refused").await;
    let more = format!("session.create {EMAIL} refused 4 more within a minute");
    assert_eq!(lines(&refused)[1..], [more]);
    app.state.refusals.flush().await.unwrap();
    assert_eq!(admin.audit_log("&outcome=refused").await.len(), 2);
    app.anonymous().post("/api/session", &wrong).await.expect(401);
    assert_eq!(admin.audit_log("&outcome=refused").await.len(), 3, "a new minute");
}

async fn it_is_read_in_parts_and_by_filters(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..7 {
        app.clock.advance(Duration::from_mins(1));
        let body = json!({ "key": format!("K_{n}"), "value": "v" });
        admin.post("/api/secrets", &body).await.expect(200);
    }
    let (mut cursor, mut seen) = (String::new(), Vec::new());
    loop {
        let path = format!("/api/admin/audit?limit=3{cursor}");
        let body = admin.get(&path).await.expect(200).body();
        let part = body["data"].as_array().unwrap();
        assert!(part.len() <= 3);
        seen.extend(part.iter().map(|entry| entry["seq"].as_u64().unwrap()));
        let Some(next) = body["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, (1..=10).rev().collect::<Vec<u64>>());

    let count = async |query: &str| admin.audit_log(query).await.len();
    assert_eq!(count("&action=secret").await, 7);
    assert_eq!(count("&action=secret.create").await, 7);
    assert_eq!(count("&action=secre").await, 0);
    assert_eq!(count("&target=k_3").await, 1);
    assert_eq!(count("&target=%25").await, 0, "no wildcard");
    assert_eq!(count("&target=K%5F").await, 7);
    assert_eq!(count("&target=K__").await, 0, "no wildcard");
    // The reading is in it as well, once.
    assert_eq!(count("&actor=ADA@").await, 9);
    assert_eq!(count("&actor=nobody").await, 0);
    assert_eq!(count("&since=2026-01-01T12:05:00Z").await, 4);
    assert_eq!(count("&until=2026-01-01T12:05:00Z&action=secret").await, 4);
    assert_eq!(count("&outcome=refused").await, 0);
    assert_eq!(count("&actor=&action=&target=").await, 11, "empty filters are none");
}

async fn filters_that_make_no_sense_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=-1", "cursor"),
        ("cursor=99999999999999999999", "cursor"),
        ("outcome=maybe", "outcome"),
        ("since=yesterday", "since"),
        ("until=2026-13-01T00:00:00Z", "until"),
        ("actor=a%00b", "actor"),
        ("action=%25", "action"),
        ("action=Secret", "action"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ] {
        let answer = admin.get(&format!("/api/admin/audit?{query}")).await.expect(400);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{query}: {}", answer.text);
    }
}

async fn it_is_exported_as_json_lines(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..250 {
        let event = Actor::command_line().did(Action::SecretRead, Some(n.to_string()));
        app.state.audit.record(&app.state.db, event).await.unwrap();
    }
    let answer = admin.get("/api/admin/audit/export?action=secret").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert!(answer.header("content-disposition").contains("keyward-audit.jsonl"));
    let lines: Vec<Value> =
        answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 250);
    assert_eq!((&lines[0]["target"], &lines[249]["target"]), (&json!("249"), &json!("0")));
    assert_eq!(lines[..200], admin.audit_log("&action=secret").await[..]);
    // An export has no limit, and says so instead of leaving nothing out.
    let limited = admin.get("/api/admin/audit/export?limit=1").await;
    limited.expect_problem(400, "validation_failed", "Unknown parameter");
}

async fn a_change_of_the_log_is_reported(backend: Backend) {
    let changes = [
        ("UPDATE audit_log SET target = 'B' WHERE seq = 5", 5),
        ("UPDATE audit_log SET detail = '' WHERE seq = 5", 5),
        ("UPDATE audit_log SET time = time + 1 WHERE seq = 5", 5),
        ("DELETE FROM audit_log WHERE seq = 5", 5),
        ("DELETE FROM audit_log WHERE seq <= 5", 1),
        ("DELETE FROM audit_log", 1),
        ("DELETE FROM audit_log WHERE seq > 5", 6),
        ("UPDATE audit_log SET seq = -5 WHERE seq = 5", 0),
        // What is wrong with the head is reported where the next entry will be.
        ("UPDATE audit_head SET seq = 5", 9),
        ("DELETE FROM audit_head", 9),
    ];
    for (sql, seq) in changes {
        let app = App::start(backend).await;
        let admin = app.admin().await;
        for n in 0..5 {
            let event = Actor::command_line().did(Action::SecretRead, Some(n.to_string()));
            app.state.audit.record(&app.state.db, event).await.unwrap();
        }
        assert_eq!(admin.verify_log().await["verified"], 8, "before");
        app.execute(sql).await;
        let found = admin.verify_log().await;
        assert_eq!(
            (&found["valid"], &found["broken"]["seq"]),
            (&json!(false), &json!(seq)),
            "{sql}"
        );
    }
    // Taken out and put back somewhere else.
    let app = App::start(backend).await;
    let row = log::Entity::find_by_id(2_i64).one(&app.state.db).await.unwrap().unwrap();
    app.execute("DELETE FROM audit_log WHERE seq = 2").await;
    let admin = app.admin().await;
    let moved = log::Model { seq: 4, ..row };
    log::Entity::insert(sea_orm::ActiveModelTrait::reset_all(log::ActiveModel::from(moved)))
        .exec_without_returning(&app.state.db)
        .await
        .unwrap();
    assert_eq!(admin.verify_log().await["broken"]["seq"], 2);
}

async fn a_log_that_was_cut_off_is_reported_for_ever(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "evidence" })).await;
    // The last entry is cut off, and the head made to fit as far as it can be.
    app.execute("DELETE FROM audit_log WHERE seq = 4").await;
    let set = "UPDATE audit_head SET seq = 3, \
               entry_hash = (SELECT entry_hash FROM audit_log WHERE seq = 3), \
               mac = (SELECT mac FROM audit_log WHERE seq = 3)";
    app.execute(set).await;
    app.verify(&key).await.expect(200);
    admin.create_key(&json!({ "name": "later" })).await;
    let found = admin.verify_log().await;
    assert_eq!(found["broken"]["seq"], 4, "{found}");
    let lines = lines(&admin.audit_log("").await);
    assert_eq!(lines[3], "audit.broken - success -");
    assert!(lines[4].starts_with("key.create later success "), "{lines:?}");
    // A log without its head goes on as well, with the sign.
    app.execute("DELETE FROM audit_head").await;
    admin.create_key(&json!({ "name": "still later" })).await;
    assert_eq!(admin.verify_log().await["broken"]["seq"], 4);
}

async fn an_earlier_head_that_is_put_back_is_reported(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    app.execute("CREATE TABLE kept AS SELECT * FROM audit_head").await;
    for name in ["evidence", "more"] {
        admin.create_key(&json!({ "name": name })).await;
    }
    app.execute("DELETE FROM audit_log WHERE seq >= 4").await;
    app.execute("DELETE FROM audit_head").await;
    app.execute("INSERT INTO audit_head SELECT * FROM kept").await;
    assert_eq!(admin.verify_log().await["broken"]["seq"], 4);
    admin.create_key(&json!({ "name": "last" })).await;
    assert_eq!(admin.verify_log().await["broken"]["seq"], 4, "the sign of it stays");
    assert!(lines(&admin.audit_log("").await).contains(&"audit.broken - success -".to_owned()));
}

async fn a_name_with_a_nul_is_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let actor = Actor { name: "a\0b".to_owned(), ..Actor::command_line() };
    let event = actor.did(Action::SecretRead, Some("c\0d".to_owned()));
    app.state.audit.record(&app.state.db, event).await.unwrap();
    let admin = app.admin().await;
    assert_eq!(admin.verify_log().await["valid"], true);
    let entries = admin.audit_log("&action=secret").await;
    let names = (&entries[0]["actor"]["name"], &entries[0]["target"]);
    assert_eq!(names, (&json!("a\u{fffd}b"), &json!("c\u{fffd}d")));
}

async fn many_writers_make_one_chain(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let writers = (0..64).map(|n| {
        let (audit, db) = (app.state.audit.clone(), app.state.db.clone());
        tokio::spawn(async move {
            for m in 0..5 {
                let target = Some(format!("{n}/{m}"));
                let event = Actor::command_line().did(Action::SecretRead, target);
                audit.record(&db, event).await.unwrap();
            }
        })
    });
    let keys = (0..16).map(|n| {
        let admin = &admin;
        async move { admin.create_key(&json!({ "name": n.to_string() })).await }
    });
    let (writers, _) = tokio::join!(join_all(writers), join_all(keys));
    assert!(writers.iter().all(Result::is_ok));
    let found = admin.verify_log().await;
    assert_eq!(found, whole(3 + 64 * 5 + 16));
}

async fn no_value_is_sent_when_it_cannot_be_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "planted").await;
    app.execute("ALTER TABLE audit_log RENAME TO audit_log_gone").await;
    let answer = admin.get("/api/secrets/A").await;
    let message = "The database did not answer, so nothing was changed. Try again.";
    let answer = answer.expect_problem(503, "store_unavailable", message);
    assert!(!answer.text.contains("planted"));
    let change = json!({ "value": "other" });
    admin.put_secret("A", &change).await.expect(503);
    admin.delete("/api/secrets/A").await.expect(503);
    admin.post("/api/secrets", &json!({ "key": "B", "value": "v" })).await.expect(503);
    admin.post("/api/keys", &json!({ "name": "k" })).await.expect(503);
    admin.rotate_data_key().await.expect(503);
    app.execute("ALTER TABLE audit_log_gone RENAME TO audit_log").await;
    assert_eq!(admin.secret("A").await, "planted");
    assert_eq!(admin.get("/api/secrets").await.data().as_array().unwrap().len(), 1);
    assert_eq!(admin.keys().await, json!([]));
    let status = admin.encryption().await;
    assert_eq!(status["activeVersion"], 1);
    assert_eq!(admin.verify_log().await["valid"], true);
}
