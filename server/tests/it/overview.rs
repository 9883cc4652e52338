//! What a person sees first.

use std::time::Duration;

use http::Method;
use keyward::clock::Clock;
use keyward::settings::{self, RowType};
use serde_json::{Value, json};

use crate::support::{ADMIN, App, Backend, Client, EMAIL, TestDatabase, on_both_databases};

on_both_databases!(
    a_new_installation_asks_for_a_copy_of_the_root_key_and_nothing_else,
    keys_that_need_a_person_are_named_and_many_are_counted,
    an_old_key_that_is_used_after_its_rotation_is_reported,
    rows_that_were_changed_are_reported,
    an_altered_end_of_the_log_is_reported_at_once_and_an_older_entry_after_a_check,
    many_refusals_from_one_address_are_reported_for_a_day,
    a_backup_that_is_overdue_is_asked_for,
    plain_http_and_a_previous_root_key_are_reported,
    the_verifications_of_a_day_are_shown_by_the_hour,
    the_last_changes_are_shown_and_no_reads,
    a_kept_root_key_is_remembered_once_and_until_it_is_another,
    what_somebody_else_wrote_keeps_no_root_key,
);

async fn overview(client: &Client) -> Value {
    client.get("/api/overview").await.expect(200).data()
}

/// What needs attention, by kind and message; without what every test has.
async fn attention(client: &Client) -> Vec<(String, String)> {
    let found = overview(client).await["attention"].take();
    let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
    let usual = ["keepRootKey", "oneAdministrator", "backup"];
    let items = found.as_array().unwrap().iter();
    let items = items.map(|item| (text(item, "kind"), text(item, "message")));
    items.filter(|(kind, _)| !usual.contains(&kind.as_str())).collect()
}

fn item(kind: &str, message: &str) -> (String, String) {
    (kind.to_owned(), message.to_owned())
}

async fn a_backup_that_is_overdue_is_asked_for(backend: Backend) {
    const DAY: Duration = Duration::from_hours(24);
    let app = App::start(backend).await;
    let asked = async || {
        let found = overview(&app.admin().await).await["attention"].take();
        let found = found.as_array().unwrap().iter().find(|item| item["kind"] == "backup");
        found
            .map(|item| ["severity", "message"].map(|name| item[name].as_str().unwrap().to_owned()))
    };
    let expected = |severity: &str, message: &str| Some([severity.to_owned(), message.to_owned()]);
    app.clock.advance(7 * DAY);
    assert_eq!(asked().await, None, "a young store");
    app.clock.advance(DAY);
    let never = "No backup by keyward backup is known.";
    assert_eq!(asked().await, expected("notice", never));
    let file = app.database.folder().join("backup");
    // The program goes by the clock of the machine, and this server by its own.
    let before = Clock::System.now();
    assert_eq!(app.database.run(&["backup", file.to_str().unwrap()]).0, 0);
    app.clock.advance((before - app.clock.now()).unsigned_abs() + 7 * DAY);
    assert_eq!(asked().await, None);
    app.clock.advance(DAY + Duration::from_hours(1));
    assert_eq!(asked().await, expected("warning", "The last backup is 8 days old."));
}

async fn a_new_installation_asks_for_a_copy_of_the_root_key_and_nothing_else(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let found = overview(&admin).await;
    let expected = json!([
        {
            "kind": "keepRootKey", "severity": "warning", "count": 1,
            "message": "Copy SECRETS_ENCRYPTION_KEY to a safe place. Without it nothing here can \
                        ever be read again.",
        },
        {
            "kind": "oneAdministrator", "severity": "notice", "count": 1,
            "message": format!("Only {EMAIL} can administer this server."),
        },
    ]);
    assert_eq!(found["attention"], expected);
    let none = json!({ "keys": 0, "active": 0, "secrets": 0, "providers": 0 });
    assert_eq!(found["counts"], none);
    assert_eq!(found["verifications"].as_array().unwrap().len(), 24);
    assert_eq!(found["verifications"][23]["start"], "2026-01-01T12:00:00Z");
    admin.create_key(&json!({ "name": "a" })).await;
    let off = admin.create_key(&json!({ "name": "b" })).await.0;
    admin.patch(&format!("/api/keys/{off}"), &json!({ "enabled": false })).await.expect(200);
    admin.add_secret("A", "v").await;
    admin.set_provider("openai", "v").await;
    admin.set_provider("other/models/m", "v").await;
    let some = json!({ "keys": 2, "active": 1, "secrets": 1, "providers": 2 });
    assert_eq!(overview(&admin).await["counts"], some);
}

async fn keys_that_need_a_person_are_named_and_many_are_counted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let day = Duration::from_hours(24);
    let soon = json!({ "name": "payments", "expiresAt": "2026-04-04T12:00:00Z" });
    let (payments, payments_key) = admin.create_key(&soon).await;
    let (_, other_key) =
        admin.create_key(&json!({ "name": "billing", "expiresAt": "2026-04-05T12:00:00Z" })).await;
    let writes = json!({ "name": "ci", "scopes": ["secrets:write:CI_*"] });
    let (ci, ci_key) = admin.create_key(&writes).await;
    admin.create_key(&json!({ "name": "old-laptop" })).await;
    app.clock.advance(day * 90 + Duration::from_secs(1));
    let admin = app.admin().await;
    for key in [&payments_key, &ci_key] {
        app.verify(key).await.expect(200);
    }
    app.state.keys.flush().await.unwrap();
    app.state.keys.apply_uses().await.unwrap();
    let found = overview(&admin).await["attention"].take();
    let of = |kind: &str| {
        let mut found = found.as_array().unwrap().iter();
        found.find(|it| it["kind"] == kind).cloned().unwrap_or_default()
    };
    let expected = json!({
        "kind": "expiresSoon", "severity": "warning", "count": 1, "keyId": payments,
        "message": "\u{201c}payments\u{201d} expires in 3 days and is in use.",
    });
    assert_eq!(of("expiresSoon"), expected);
    let expected = json!({
        "kind": "writesForever", "severity": "notice", "count": 1, "keyId": ci,
        "message": "\u{201c}ci\u{201d} never expires and may write secrets.",
    });
    assert_eq!(of("writesForever"), expected);
    let expected = json!({
        "kind": "unused", "severity": "notice", "count": 2,
        "message": "2 keys were not used for 90 days.",
    });
    assert_eq!(of("unused"), expected);
    // In use: both that expire. And what was used is not unused.
    app.verify(&other_key).await.expect(200);
    app.state.keys.flush().await.unwrap();
    app.state.keys.apply_uses().await.unwrap();
    let expected = [
        item("expiresSoon", "2 keys that are in use expire within 7 days."),
        item("writesForever", "\u{201c}ci\u{201d} never expires and may write secrets."),
        item("unused", "\u{201c}old-laptop\u{201d} was not used for 90 days."),
    ];
    assert_eq!(attention(&admin).await, expected);
    // What is deleted needs nobody.
    for key in admin.keys().await.as_array().unwrap() {
        admin.delete(&format!("/api/keys/{}", key["id"].as_str().unwrap())).await.expect(200);
    }
    assert_eq!(attention(&admin).await, []);
}

async fn an_old_key_that_is_used_after_its_rotation_is_reported(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, old) = admin.create_key(&json!({ "name": "payments" })).await;
    app.verify(&old).await.expect(200);
    app.clock.advance(Duration::from_millis(1_500));
    let new = admin.rotated_key(&id, 86_400).await;
    app.verify(&new).await.expect(200);
    assert_eq!(attention(&admin).await, [], "it was used before, and not since");
    app.clock.advance(Duration::from_secs(1));
    app.verify(&old).await.expect(200);
    let message = "The old key of \u{201c}payments\u{201d} is still in use; it works until 2 Jan \
                   2026, 12:00 UTC.";
    assert_eq!(attention(&admin).await, [item("oldKeyUsed", message)], "from memory");
    app.state.keys.flush().await.unwrap();
    let other = app.sibling().await;
    let there = other.admin().await;
    assert_eq!(attention(&there).await, [item("oldKeyUsed", message)], "as it is stored");
    let (second, its_old) = admin.create_key(&json!({ "name": "billing" })).await;
    admin.rotated_key(&second, 86_400).await;
    app.clock.advance(Duration::from_secs(2));
    app.verify(&its_old).await.expect(200);
    let many = item("oldKeyUsed", "The old keys of 2 keys are still in use.");
    assert_eq!(attention(&admin).await, [many]);
    admin.delete(&format!("/api/keys/{id}/overlap")).await.expect(200);
    admin.delete(&format!("/api/keys/{second}")).await.expect(200);
    assert_eq!(attention(&admin).await, []);
}

async fn rows_that_were_changed_are_reported(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "a" })).await;
    let (other, _) = admin.create_key(&json!({ "name": "b" })).await;
    app.execute(&format!("UPDATE settings SET key = 'c' WHERE id = '{id}'")).await;
    app.execute("DELETE FROM key_changes").await;
    admin.patch(&format!("/api/keys/{other}"), &json!({ "name": "d" })).await;
    app.state.keys.refresh().await.unwrap();
    // A server that starts now knows more of it than one that runs.
    let sibling = app.sibling().await;
    let there = sibling.admin().await;
    let message = "1 stored row was changed outside of Keyward. Run keyward store check.";
    let found = overview(&there).await["attention"][0].take();
    let expected = json!({
        "kind": "rowsAltered", "severity": "danger", "count": 1, "keyId": id, "message": message,
    });
    assert_eq!(found, expected);
    app.execute("DELETE FROM settings WHERE type = 'api_key'").await;
    sibling.state.keys.refresh().await.unwrap();
    app.execute("UPDATE generation SET n = n + 1 WHERE id = 1").await;
    sibling.state.keys.refresh().await.unwrap();
    let found = attention(&there).await;
    assert_eq!(found[0].0, "rowsAltered", "{found:?}");
}

async fn an_altered_end_of_the_log_is_reported_at_once_and_an_older_entry_after_a_check(
    backend: Backend,
) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..3 {
        admin.create_key(&json!({ "name": format!("{n}") })).await;
    }
    assert_eq!(attention(&admin).await, []);
    app.execute("UPDATE audit_log SET target = 'x' WHERE seq = 4").await;
    let altered = "Entry 4 was altered: its hash does not match its content.";
    assert_eq!(attention(&admin).await, [item("auditBroken", altered)]);
    // So many entries later it is no longer at the end, and a check of all finds it.
    let reads = (0..260).map(|n| {
        let actor = keyward::audit::Actor::system();
        actor.did(keyward::audit::Action::AuditRead, Some(n.to_string()))
    });
    app.state.audit.record_all(&app.state.db, reads.collect()).await.unwrap();
    assert_eq!(attention(&admin).await, []);
    admin.verify_log().await;
    let known = format!("{altered} Entries 1 to 3 are intact.");
    assert_eq!(attention(&admin).await, [item("auditBroken", &known)]);
    // Until somebody knows of it.
    let because = "a test".to_owned().try_into().unwrap();
    let by = keyward::audit::Actor::command_line();
    app.state.audit.acknowledge(&app.state.db, &by, 4, &because).await.unwrap();
    assert_eq!(attention(&admin).await, []);
    admin.verify_log().await;
    assert_eq!(attention(&admin).await, []);
    app.execute("UPDATE audit_head SET seq = seq - 1").await;
    let head = "The head of the log was altered.";
    assert_eq!(attention(&admin).await, [item("auditBroken", head)]);
}

async fn many_refusals_from_one_address_are_reported_for_a_day(backend: Backend) {
    let variables = [ADMIN[0], ADMIN[1], ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    let refused = async |address: &str, times: usize| {
        for _ in 0..times {
            let headers = [("x-api-key", key.as_bytes()), ("x-forwarded-for", address.as_bytes())];
            app.anonymous().get_with("/api/secrets", &headers).await.expect(403);
        }
        app.state.refusals.flush().await.unwrap();
    };
    refused("203.0.113.9", 60).await;
    refused("203.0.113.8", 99).await;
    assert_eq!(attention(&admin).await, []);
    app.clock.advance(Duration::from_mins(5));
    refused("203.0.113.9", 41).await;
    let found = overview(&admin).await["attention"][1].take();
    let message = "203.0.113.9 was refused 101 times in the last 24 hours.";
    let expected = json!({
        "kind": "refusals", "severity": "warning", "count": 101, "address": "203.0.113.9",
        "message": message,
    });
    assert_eq!(found, expected);
    refused("203.0.113.8", 1).await;
    let both = "203.0.113.9 and 1 other address were refused 201 times in the last 24 hours.";
    assert_eq!(attention(&admin).await, [item("refusals", both)]);
    app.clock.advance(Duration::from_hours(24));
    assert_eq!(attention(&app.admin().await).await, []);
}

async fn plain_http_and_a_previous_root_key_are_reported(backend: Backend) {
    let previous = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";
    let variables = [
        ADMIN[0],
        ADMIN[1],
        ("SECRETS_ENCRYPTION_KEY_PREVIOUS", previous),
        ("KEYWARD_PUBLIC_URL", "http://keys.example"),
    ];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let expected = [
        item(
            "previousRootKey",
            "The previous root key is still set. Remove SECRETS_ENCRYPTION_KEY_PREVIOUS.",
        ),
        item(
            "plainHttp",
            "Others reach this server over plain http: keys and passwords can be read on the way.",
        ),
    ];
    assert_eq!(attention(&app.admin().await).await, expected);
}

async fn the_verifications_of_a_day_are_shown_by_the_hour(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    app.verify(&key).await.expect(200);
    app.verify("unknown").await.expect(401);
    app.state.keys.flush().await.unwrap();
    let hours = overview(&admin).await["verifications"].take();
    let now = json!({ "start": "2026-01-01T12:00:00Z", "accepted": 1, "refused": 1 });
    assert_eq!(hours[23], now);
    app.clock.advance(Duration::from_hours(23));
    let admin = app.admin().await;
    app.verify("unknown").await.expect(401);
    app.state.keys.flush().await.unwrap();
    let hours = overview(&admin).await["verifications"].take();
    assert_eq!(hours[0], now);
    let sum = |field: &str| {
        let hours = hours.as_array().unwrap().iter();
        hours.map(|hour| hour[field].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum("accepted"), sum("refused")), (1, 2));
    assert_eq!(hours[23]["start"], "2026-01-02T11:00:00Z");
    app.clock.advance(Duration::from_hours(1));
    let hours = overview(&admin).await["verifications"].take();
    assert_eq!(hours[0], json!({ "start": "2026-01-01T13:00:00Z", "accepted": 0, "refused": 0 }));
}

async fn the_last_changes_are_shown_and_no_reads(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let actions = async || {
        let recent = overview(&admin).await["recent"].take();
        let recent = recent.as_array().unwrap().clone();
        let actions = recent.iter().map(|entry| entry["action"].as_str().unwrap().to_owned());
        actions.collect::<Vec<_>>()
    };
    assert_eq!(actions().await, ["user.create", "encryption.mint"]);
    admin.add_secret("A", "v").await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    let before = overview(&admin).await["recent"].take();
    assert_eq!(before[0]["target"], "n");
    assert_eq!(before[0]["actor"]["name"], EMAIL);
    admin.secret("A").await;
    admin.audit_log("").await;
    app.anonymous().get_as(&key, "/api/secrets/A").await.expect(403);
    app.admin().await;
    assert_eq!(overview(&admin).await["recent"], before);
    for n in 0..9 {
        admin.put_secret("A", &json!({ "description": format!("{n}") })).await.expect(200);
    }
    assert_eq!(actions().await, ["secret.update"; 8]);
    let recent = overview(&admin).await["recent"].take();
    let newest = admin.audit_log("").await;
    assert!(newest.contains(&recent[0]), "{recent}");
    assert!(recent.as_array().unwrap().is_sorted_by(|a, b| a["seq"].as_u64() > b["seq"].as_u64()));
}

async fn keep(client: &Client) {
    let kept = client.send(Method::PUT, "/api/overview/root-key-kept", &[], None).await;
    assert_eq!(kept.expect(200).data(), json!({ "kept": true }));
}

async fn is_asked(client: &Client) -> bool {
    let found = overview(client).await["attention"].take();
    found.as_array().unwrap().iter().any(|item| item["kind"] == "keepRootKey")
}

async fn a_kept_root_key_is_remembered_once_and_until_it_is_another(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    assert!(is_asked(&admin).await);
    let before = app.audit_entries().await;
    tokio::join!(keep(&admin), keep(&admin));
    keep(&admin).await;
    assert!(!is_asked(&admin).await);
    assert_eq!(app.audit_entries().await, before + 1, "it is recorded once");
    let entry = &admin.audit_log("&action=encryption.keep").await[0];
    let root_key = keyward_core::kek::RootKey::parse(crate::support::ROOT_KEY).unwrap().id();
    assert_eq!(entry["target"], format!("the root key {root_key}"));
    assert_eq!(entry["actor"]["name"], EMAIL);
    assert_eq!(admin.keys().await, json!([]), "it is no key");
    assert!(!is_asked(&app.sibling().await.admin().await).await);
    // For another root key nobody has said so.
    app.execute("UPDATE settings SET key = 'another' WHERE type = 'root_key_kept'").await;
    app.accept().await;
    assert!(is_asked(&admin).await);
}

async fn what_somebody_else_wrote_keeps_no_root_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let root_key = keyward_core::kek::RootKey::parse(crate::support::ROOT_KEY).unwrap().id();
    let row = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('x', 'root_key_kept', '{root_key}', \
         '{{}}')"
    );
    app.execute(&row).await;
    assert!(is_asked(&admin).await);
    keep(&admin).await;
    assert!(!is_asked(&admin).await);
    let kind = RowType::RootKeyKept;
    let row = settings::find_by_key(&app.state.db, kind, &root_key).await.unwrap().unwrap();
    assert_ne!(row.id, "x");
    // A request whose session ended meanwhile keeps nothing: no row, no entry.
    let anonymous = app.anonymous();
    let refused = anonymous.send(Method::PUT, "/api/overview/root-key-kept", &[], None).await;
    refused.expect(401);
}
