//! Lists in parts: filters, orders and cursors, and what they show while keys change.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use keyward::audit::Actor;
use keyward::authenticity::store as sets;
use keyward::database::begin_write;
use keyward::keys::Registry;
use keyward::keys::listing::KeyCounts;
use keyward::keys::new_key::{KeyChange, NewKey};
use keyward_api::key_list::KeyStatus;
use keyward_api::keys::KeyName;
use keyward_core::set::{SetName, SetState};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, on_both_databases};

on_both_databases!(
    pages_show_each_key_that_stays_once_while_others_are_made_and_deleted,
    each_filter_and_each_order_shows_its_keys,
    keys_that_may_need_a_person_are_listed_by_what_is_so_of_them,
    a_search_takes_no_wildcards_and_ignores_case,
    a_query_that_is_wrong_is_refused_and_names_the_parameter,
    one_key_is_read_by_its_id,
    a_key_is_listed_as_soon_as_it_is_made_and_by_others_when_they_follow,
    changes_of_another_process_are_followed_without_reading_all_keys,
    more_changes_than_are_read_at_a_time_are_followed,
    forgotten_changes_are_followed_by_reading_all_keys,
    old_changes_are_forgotten,
    counts_are_those_of_the_list_after_each_kind_of_change,
    the_order_by_last_use_follows_every_server,
    secrets_are_listed_in_parts_and_as_far_as_the_scope_reaches,
    providers_are_listed_in_parts_and_as_far_as_the_scope_reaches,
    the_audit_log_is_listed_in_parts,
);

async fn page(client: &Client, query: &str) -> (Vec<String>, Value, Value) {
    let mut body = client.get(&format!("/api/keys{query}")).await.expect(200).body();
    let names = body["data"].as_array().unwrap().iter();
    let names = names.map(|key| key["name"].as_str().unwrap().to_owned()).collect();
    (names, body["nextCursor"].take(), body["total"].take())
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    let (names, next, total) = page(client, query).await;
    assert_eq!((next, total), (Value::Null, json!(names.len())));
    names
}

fn wanted(name: &str) -> NewKey {
    NewKey::named(KeyName::try_from(name.to_owned()).unwrap())
}

async fn other_process(app: &App) -> Registry {
    let (audit, rows) = (app.state.audit.clone(), app.state.rows.clone());
    let nowhere = app.state.keys.watermark().to_nowhere();
    let db = app.database.connect().await;
    Registry::for_changes(db, app.clock.clone(), audit, rows, nowhere).unwrap()
}

async fn pages_show_each_key_that_stays_once_while_others_are_made_and_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, actor) = (app.admin().await, Actor::command_line());
    let mut stay = BTreeSet::new();
    let mut go = Vec::new();
    for n in 0..40 {
        app.clock.advance(Duration::from_millis(n % 3));
        let (key, _) = app.state.keys.create(wanted(&format!("{n:02}")), &actor).await.unwrap();
        if n % 4 == 0 {
            go.push(key.id);
        } else {
            stay.insert(key.name);
        }
    }
    for sort in ["createdAt", "-createdAt", "name", "-lastUsedAt", "expiresAt"] {
        let mut shown = Vec::new();
        let mut cursor = String::new();
        for n in 0.. {
            let (names, next, _) = page(&admin, &format!("?sort={sort}&limit=7{cursor}")).await;
            shown.extend(names);
            let Some(next) = next.as_str() else { break };
            cursor = format!("&cursor={next}");
            let made = wanted(&format!("{sort} {n}"));
            app.state.keys.create(made, &actor).await.unwrap();
            if let Some(id) = go.pop() {
                app.state.keys.delete(id, &actor).await.unwrap();
            }
        }
        let once: HashSet<&String> = shown.iter().collect();
        assert_eq!(once.len(), shown.len(), "{sort}: a key was shown twice: {shown:?}");
        assert!(stay.iter().all(|name| once.contains(name)), "{sort}: one is missing: {shown:?}");
    }
    // The key at the position itself may go.
    let (first, next, _) = page(&admin, "?sort=name&limit=1").await;
    let key = app.state.keys.find(&first[0]).await.unwrap().unwrap();
    app.state.keys.delete(key.id, &actor).await.unwrap();
    let query = format!("?sort=name&limit=1&cursor={}", next.as_str().unwrap());
    assert!(page(&admin, &query).await.0[0] > first[0]);
}

/// Five keys and a row that cannot be read; the clock is one second past their creation.
async fn varied(app: &App, admin: &Client) {
    let value = json!({ "key_prefix": "p", "key_hash": "no digest" });
    let row = format!(
        "INSERT INTO settings (id, type, key, value, created_at, updated_at) VALUES \
         ('row', 'api_key', 'broken', '{value}', '2025-01-01 00:00:00+00:00', \
         '2025-01-01 00:00:00+00:00')"
    );
    app.execute(&row).await;
    app.accept().await;
    app.state.keys.refresh().await.unwrap();
    for (name, scopes, ends) in [
        ("Delta", json!(["a:b", "c:d"]), json!("2026-01-01T12:00:02Z")),
        ("alpha", json!(["a:b"]), Value::Null),
        ("Bravo", json!(["a:*"]), json!("2026-01-01T12:00:01Z")),
        ("charlie", json!([]), json!("2026-01-01T13:00:00Z")),
        ("echo", json!([]), json!("2026-01-01T12:00:01Z")),
    ] {
        let (id, _) =
            admin.create_key(&json!({ "name": name, "scopes": scopes, "expiresAt": ends })).await;
        app.clock.advance(Duration::from_millis(100));
        if name == "echo" {
            let off = json!({ "enabled": false });
            admin.patch(&format!("/api/keys/{id}"), &off).await.expect(200);
        }
    }
    app.clock.advance(Duration::from_millis(500));
}

async fn each_filter_and_each_order_shows_its_keys(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    varied(&app, &admin).await;
    for (query, expected) in [
        ("", "broken Delta alpha Bravo charlie echo"),
        ("?sort=createdAt", "broken Delta alpha Bravo charlie echo"),
        ("?sort=-createdAt", "echo charlie Bravo alpha Delta broken"),
        ("?sort=name", "alpha Bravo broken charlie Delta echo"),
        ("?sort=expiresAt", "Bravo echo Delta charlie alpha broken"),
        ("?sort=name&status=active", "alpha charlie Delta"),
        ("?status=disabled", "echo"),
        ("?status=expired", "Bravo"),
        ("?status=unreadable", "broken"),
        ("?scope=a:b", "Delta alpha"),
        ("?scope=a:*", "Bravo"),
        ("?scope=a", ""),
        ("?q=A&sort=name&status=active&scope=a:b", "alpha Delta"),
        ("?q=", "broken Delta alpha Bravo charlie echo"),
    ] {
        assert_eq!(names(&admin, query).await.join(" "), expected, "{query}");
    }
    let (shown, next, total) = page(&admin, "?sort=name&limit=2&status=active").await;
    assert_eq!((shown.join(" ").as_str(), &total), ("alpha charlie", &json!(3)));
    let next = format!("?sort=name&limit=2&status=active&cursor={}", next.as_str().unwrap());
    assert_eq!(page(&admin, &next).await, (vec!["Delta".into()], Value::Null, json!(3)));
}

async fn keys_that_may_need_a_person_are_listed_by_what_is_so_of_them(backend: Backend) {
    let app = App::start(backend).await;
    let mut admin = app.admin().await;
    let write = json!(["secrets:write:GITHUB_*", "a"]);
    let made = async |admin: &Client, name: &str, scopes: &Value, ends: &str| {
        let ends = if ends.is_empty() { Value::Null } else { json!(ends) };
        let body = json!({ "name": name, "scopes": scopes, "expiresAt": ends });
        admin.create_key(&body).await
    };
    let none = json!([]);
    let (_, old) = made(&admin, "old", &none, "").await;
    let (_, writer) = made(&admin, "writer", &write, "").await;
    made(&admin, "lasting", &json!(["orders:write"]), "2027-01-01T00:00:00Z").await;
    made(&admin, "ending", &write, "2026-04-08T12:00:00Z").await;
    let (off, _) = made(&admin, "off", &write, "").await;
    admin.patch(&format!("/api/keys/{off}"), &json!({ "enabled": false })).await.expect(200);
    // Exactly 90 days later nothing is older than 90 days.
    app.clock.advance(Duration::from_hours(90 * 24));
    admin = app.admin().await;
    assert_eq!(names(&admin, "?only=unused").await, [""; 0]);
    app.clock.advance(Duration::from_secs(1));
    app.verify(&writer).await.expect(200);
    app.state.keys.flush().await.unwrap();
    app.state.keys.apply_uses().await.unwrap();
    let (rotated, _) = made(&admin, "rotated", &none, "2026-04-09T12:00:01Z").await;
    admin.rotated_key(&rotated, 3_600).await;
    admin.rotated_key(&off, 3_600).await;
    for (query, expected) in [
        ("unused", "old lasting ending"),
        ("unused&sort=name&q=l&status=active", "lasting old"),
        ("unused&status=disabled", ""),
        ("expires-soon", "ending"),
        ("never-expires&sort=name", "old writer"),
        ("never-expires&scope=a", "writer"),
        ("writes-forever", "writer"),
        ("overlapping", "rotated"),
    ] {
        assert_eq!(names(&admin, &format!("?only={query}")).await.join(" "), expected, "{query}");
    }
    // In parts too, whatever changes in between.
    let (first, next, total) = page(&admin, "?only=unused&sort=name&limit=2").await;
    assert_eq!((first.join(" ").as_str(), &total), ("ending lasting", &json!(3)));
    app.verify(&old).await.expect(200);
    app.state.keys.flush().await.unwrap();
    let next = format!("?only=unused&sort=name&limit=2&cursor={}", next.as_str().unwrap());
    assert_eq!(page(&admin, &next).await, (vec!["old".into()], Value::Null, json!(3)));
    app.state.keys.apply_uses().await.unwrap();
    assert_eq!(page(&admin, &next).await, (Vec::new(), Value::Null, json!(2)));
    // It expires within 7 days from then on, to the microsecond.
    app.clock.advance(Duration::from_hours(24).saturating_sub(Duration::from_micros(1)));
    let admin = app.admin().await;
    assert_eq!(names(&admin, "?only=expires-soon").await, ["ending"]);
    app.clock.advance(Duration::from_micros(1));
    assert_eq!(names(&admin, "?only=expires-soon").await, ["ending", "rotated"]);
    assert_eq!(names(&admin, "?only=overlapping").await, [""; 0], "the old key has ended");
}

async fn a_search_takes_no_wildcards_and_ignores_case(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let all = ["50%_off\\now", "5000 off now", "Stra\u{df}e \u{c4}", "plain"];
    for name in all {
        admin.create_key(&json!({ "name": name })).await;
    }
    for (q, expected) in [
        ("%25", &[all[0]][..]),
        ("_", &[all[0]]),
        ("%5C", &[all[0]]),
        ("50%25_OFF", &[all[0]]),
        ("50%25off", &[]),
        ("OFF", &[all[0], all[1]]),
        ("%C3%A4", &[all[2]]),
        ("STRASSE+%C3%A4", &[all[2]]),
        ("PLAIN", &[all[3]]),
    ] {
        assert_eq!(names(&admin, &format!("?q={q}")).await, expected, "{q}");
    }
    let (id, key) = admin.create_key(&json!({ "name": "by what is shown" })).await;
    for q in [&id, &id.to_uppercase(), &key[..8], &key[..8].to_lowercase()] {
        assert_eq!(names(&admin, &format!("?q={q}")).await, ["by what is shown"], "{q}");
    }
}

async fn a_query_that_is_wrong_is_refused_and_names_the_parameter(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for name in ["a", "b"] {
        admin.create_key(&json!({ "name": name })).await;
    }
    let (_, cursor, _) = page(&admin, "?limit=1").await;
    let cursor = cursor.as_str().unwrap();
    let of_another_order = format!("sort=name&cursor={cursor}");
    let changed = format!("cursor={}", &cursor[1..]);
    let cut = format!("cursor={}", &cursor[..cursor.len() - 1]);
    let control = "q=a%00b";
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=many", "limit"),
        ("limit=", "limit"),
        ("cursor=1", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=bnVsbA", "cursor"),
        (&of_another_order, "cursor"),
        (&changed, "cursor"),
        (&cut, "cursor"),
        ("status=gone", "status"),
        ("status=Active", "status"),
        ("only=old", "only"),
        ("only=Unused", "only"),
        ("only=", "only"),
        ("sort=prefix", "sort"),
        ("sort=-name", "sort"),
        ("scope=NOT A SCOPE", "scope"),
        (control, "q"),
        ("page=2", "page"),
        ("limit=1&limit=2", "limit"),
    ] {
        let answer = admin.get(&format!("/api/keys?{query}")).await.expect(400);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{query}: {answer:?}");
    }
    let answer = admin.get("/api/keys?page=2").await;
    assert_eq!(answer.body()["errors"][0]["message"], "Unknown parameter");
    for path in ["/api/secrets", "/api/providers", "/api/admin/audit"] {
        for (query, field) in
            [("limit=0", "limit"), ("limit=1001", "limit"), ("cursor=!", "cursor"), ("x=1", "x")]
        {
            let answer = admin.get(&format!("{path}?{query}")).await.expect(400);
            assert_eq!(answer.body()["errors"][0]["field"], field, "{path}?{query}");
        }
    }
}

async fn one_key_is_read_by_its_id(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "a" })).await;
    let key = admin.get(&format!("/api/keys/{id}")).await.expect(200).data();
    assert_eq!(key, admin.keys().await[0]);
    let row = "INSERT INTO settings (id, type, key, value) VALUES ('other', 'config', 'k', '{}')";
    app.execute(row).await;
    for id in ["other", "nobody", "%00", &"x".repeat(65)] {
        let answer = admin.get(&format!("/api/keys/{id}")).await;
        answer.expect_problem(404, "key_not_found", "API key not found");
    }
}

async fn a_key_is_listed_as_soon_as_it_is_made_and_by_others_when_they_follow(backend: Backend) {
    let app = App::start(backend).await;
    let (other, admin) = (app.sibling().await, app.admin().await);
    let (id, _) = admin.create_key(&json!({ "name": "made" })).await;
    assert_eq!(names(&admin, "?q=made").await, ["made"]);
    let there = other.admin().await;
    if backend == Backend::Sqlite {
        // Nobody notifies it.
        assert_eq!(names(&there, "").await, [""; 0]);
    }
    other.state.keys.refresh().await.unwrap();
    assert_eq!(names(&there, "").await, ["made"]);
    there.patch(&format!("/api/keys/{id}"), &json!({ "name": "renamed" })).await.expect(200);
    assert_eq!(names(&there, "?q=renamed").await, ["renamed"]);
    app.state.keys.refresh().await.unwrap();
    assert_eq!(names(&admin, "?q=renamed").await, ["renamed"]);
    assert_eq!(names(&admin, "?q=made").await, [""; 0]);
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert_eq!(names(&admin, "").await, [""; 0]);
    // What another process deleted is not shown, even by one that has not followed yet.
    assert_eq!(page(&there, "").await.0, [""; 0]);
    other.state.keys.refresh().await.unwrap();
    assert_eq!(names(&there, "").await, [""; 0]);
}

async fn changes_of_another_process_are_followed_without_reading_all_keys(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, actor) = (app.admin().await, Actor::command_line());
    let (revoked_id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    let (untouched_id, untouched) = admin.create_key(&json!({ "name": "untouched" })).await;
    let other = other_process(&app).await;
    other.delete(revoked_id, &actor).await.unwrap();
    let mut last = None;
    for n in 0..200 {
        last = Some(other.create(wanted(&format!("key {n}")), &actor).await.unwrap().1);
    }
    // Who reads this row finds that it is no key any more.
    let damage = format!("UPDATE settings SET value = '' WHERE id = '{untouched_id}'");
    app.execute(&damage).await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&revoked).await.expect(401);
    app.verify(last.unwrap().expose()).await.expect(200);
    app.verify(&untouched).await.expect(200);
    assert_eq!(page(&admin, "?limit=1").await.2, json!(201));
}

async fn more_changes_than_are_read_at_a_time_are_followed(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, actor) = (app.admin().await, Actor::command_line());
    let (deleted_id, deleted) = admin.create_key(&json!({ "name": "deleted" })).await;
    let (disabled_id, disabled) = admin.create_key(&json!({ "name": "disabled" })).await;
    let other = other_process(&app).await;
    for n in 0..600 {
        other.create(wanted(&format!("key {n}")), &actor).await.unwrap();
    }
    let off = KeyChange { enabled: Some(false), ..KeyChange::default() };
    other.update(disabled_id, off, &actor).await.unwrap();
    other.delete(deleted_id, &actor).await.unwrap();
    app.state.keys.refresh().await.unwrap();
    app.verify(&deleted).await.expect(401);
    app.verify(&disabled).await.expect(401);
    assert_eq!(app.state.keys.len(), 601);
    assert_eq!(page(&admin, "?status=active&limit=1").await.2, json!(600));
}

async fn forgotten_changes_are_followed_by_reading_all_keys(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, actor) = (app.admin().await, Actor::command_line());
    let (id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    let (_, kept) = admin.create_key(&json!({ "name": "kept" })).await;
    let other = other_process(&app).await;
    other.delete(id, &actor).await.unwrap();
    let (_, made) = other.create(wanted("made"), &actor).await.unwrap();
    // The newest is never forgotten.
    app.execute("DELETE FROM key_changes WHERE n < (SELECT max(n) FROM key_changes)").await;
    app.state.keys.refresh().await.unwrap();
    app.verify(&revoked).await.expect(401);
    app.verify(&kept).await.expect(200);
    app.verify(made.expose()).await.expect(200);
    assert_eq!(names(&admin, "?sort=name").await, ["kept", "made"]);
}

async fn old_changes_are_forgotten(backend: Backend) {
    use keyward::keys::entity::change;
    let app = App::start(backend).await;
    let actor = Actor::command_line();
    for n in 0..3 {
        app.state.keys.create(wanted(&format!("{n}")), &actor).await.unwrap();
    }
    let (rows, later) = (&app.state.rows, begin_write(&app.state.db).await.unwrap());
    let set = sets::lock_signed(&later, SetName::Keys, rows).await.unwrap();
    let set = SetState { n: keyward::keys::generation::REMEMBERED + 2, ..set };
    sets::put(&later, SetName::Keys, rows, set).await.unwrap();
    later.commit().await.unwrap();
    app.state.keys.create(wanted("later"), &actor).await.unwrap();
    assert_eq!(change::Entity::find().count(&app.state.db).await.unwrap(), 2);
}

/// What the list says of each status, and what `/metrics` says.
async fn assert_counted(app: &App, admin: &Client, after: &str) -> KeyCounts {
    let mut counted = [0; 5];
    let metrics = app.anonymous().get("/metrics").await.expect(200).text;
    for (n, status) in KeyStatus::ALL.map(KeyStatus::as_str).into_iter().enumerate() {
        counted[n] = names(admin, &format!("?status={status}")).await.len();
        let line = format!("keyward_keys{{status=\"{status}\"}} {}", counted[n]);
        assert!(metrics.lines().any(|found| found == line), "{after}: {line}\n{metrics}");
    }
    let [active, disabled, expired, unreadable, altered] = counted;
    KeyCounts { active, disabled, expired, unreadable, altered }
}

async fn counts_are_those_of_the_list_after_each_kind_of_change(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, actor) = (app.admin().await, Actor::command_line());
    varied(&app, &admin).await;
    let counts = |active, disabled, expired, unreadable| KeyCounts {
        active,
        disabled,
        expired,
        unreadable,
        altered: 0,
    };
    assert_eq!(assert_counted(&app, &admin, "loading").await, counts(3, 1, 1, 1));
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(assert_counted(&app, &admin, "an expiry").await, counts(2, 1, 2, 1));
    let id_of = async |name: &str| app.state.keys.find(name).await.unwrap().unwrap().id;
    let delta = format!("/api/keys/{}", id_of("Delta").await);
    admin.patch(&delta, &json!({ "expiresAt": null })).await.expect(200);
    assert_eq!(assert_counted(&app, &admin, "no more expiry").await, counts(3, 1, 1, 1));
    admin.post(&format!("{delta}/rotate"), &json!({ "graceSeconds": 60 })).await.expect(200);
    assert_eq!(assert_counted(&app, &admin, "a rotation").await, counts(3, 1, 1, 1));
    admin.delete(&format!("{delta}/overlap")).await.expect(200);
    admin.patch(&delta, &json!({ "enabled": false })).await.expect(200);
    assert_eq!(assert_counted(&app, &admin, "disabling").await, counts(2, 2, 1, 1));
    admin.delete(&delta).await.expect(200);
    admin.delete("/api/keys/row").await.expect(200);
    assert_eq!(assert_counted(&app, &admin, "deletions").await, counts(2, 1, 1, 0));
    let other = other_process(&app).await;
    let on = KeyChange { enabled: Some(true), ..KeyChange::default() };
    other.update(id_of("echo").await, on, &actor).await.unwrap();
    other.delete(id_of("alpha").await, &actor).await.unwrap();
    let (broken, _) = other.create(wanted("soon broken"), &actor).await.unwrap();
    let damage = format!("UPDATE settings SET value = '?' WHERE id = '{}'", broken.id);
    app.execute(&damage).await;
    app.accept().await;
    app.state.keys.refresh().await.unwrap();
    assert_eq!(assert_counted(&app, &admin, "foreign changes").await, counts(1, 0, 2, 1));
    let again = app.sibling().await;
    again.clock.advance(Duration::from_secs(2));
    let there = again.admin().await;
    assert_eq!(assert_counted(&again, &there, "another start").await, counts(1, 0, 2, 1));
}

async fn the_order_by_last_use_follows_every_server(backend: Backend) {
    let app = App::start(backend).await;
    let (other, admin) = (app.sibling().await, app.admin().await);
    let mut keys = Vec::new();
    for name in ["a", "b", "c"] {
        keys.push(admin.create_key(&json!({ "name": name })).await.1);
    }
    other.state.keys.refresh().await.unwrap();
    let follow = async |app: &App| {
        app.state.keys.flush().await.unwrap();
        app.state.keys.apply_uses().await.unwrap();
    };
    app.verify(&keys[1]).await.expect(200);
    follow(&app).await;
    assert_eq!(names(&admin, "?sort=-lastUsedAt").await[0], "b");
    app.clock.advance(Duration::from_mins(1));
    app.verify(&keys[0]).await.expect(200);
    follow(&app).await;
    assert_eq!(names(&admin, "?sort=-lastUsedAt").await, ["a", "b", "c"]);
    // The other server's clock is a minute behind; it looked when it started, and looks now.
    follow(&other).await;
    let there = other.admin().await;
    assert_eq!(names(&there, "?sort=-lastUsedAt").await, ["a", "b", "c"]);
    other.clock.advance(Duration::from_secs(90));
    other.verify(&keys[2]).await.expect(200);
    follow(&other).await;
    assert_eq!(names(&there, "?sort=-lastUsedAt").await, ["c", "a", "b"]);
    follow(&app).await;
    assert_eq!(names(&admin, "?sort=-lastUsedAt").await, ["c", "a", "b"]);
}

async fn walk(client: &Client, path: &str, name: &str, key: Option<&str>) -> (Vec<String>, Value) {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let headers: Vec<(&str, &[u8])> =
            key.iter().map(|key| ("x-api-key", key.as_bytes())).collect();
        let body = client.get_with(&format!("{path}{cursor}"), &headers).await.expect(200).body();
        let data = body["data"].as_array().unwrap();
        assert!(data.len() <= 2);
        all.extend(data.iter().map(|one| one[name].as_str().unwrap().to_owned()));
        let Some(next) = body["nextCursor"].as_str() else { return (all, body["total"].clone()) };
        cursor = format!("&cursor={next}");
    }
}

async fn secrets_are_listed_in_parts_and_as_far_as_the_scope_reaches(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    // In bytes an underscore is behind Z: not so in the alphabets of a database.
    for key in ["A_B", "AB", "AZ", "A_", "GITHUB_A", "GITHUB_B", "B1"] {
        admin.add_secret(key, "v").await;
    }
    let list = "/api/secrets?limit=2";
    let sorted = ["AB", "AZ", "A_", "A_B", "B1", "GITHUB_A", "GITHUB_B"];
    let (all, total) = walk(&admin, list, "key", None).await;
    assert_eq!((all, total), (sorted.map(str::to_owned).to_vec(), json!(7)));
    let (found, total) = walk(&admin, &format!("{list}&q=a_"), "key", None).await;
    assert_eq!((found.join(" ").as_str(), total), ("A_ A_B", json!(2)));
    let scopes = json!(["secrets:read:GITHUB_*", "secrets:read:AB", "secrets:read:A_*"]);
    let (_, key) = admin.create_key(&json!({ "name": "narrow", "scopes": scopes })).await;
    let (reached, total) = walk(&app.anonymous(), list, "key", Some(&key)).await;
    assert_eq!(reached.join(" "), "AB A_ A_B GITHUB_A GITHUB_B");
    assert_eq!(total, json!(5));
    let found = walk(&app.anonymous(), &format!("{list}&q=b"), "key", Some(&key)).await;
    assert_eq!(found.0.join(" "), "AB A_B GITHUB_A GITHUB_B");
}

async fn providers_are_listed_in_parts_and_as_far_as_the_scope_reaches(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let value = json!({ "value": "sk-1234567890" });
    for provider in ["a_b", "ab", "az", "b"] {
        admin.put_provider(provider, &value).await.expect(200);
    }
    for model in ["az/models/m1", "az/models/m2", "only-model/models/m"] {
        admin.put_provider(model, &value).await.expect(200);
    }
    let list = "/api/providers?limit=2";
    let (all, total) = walk(&admin, list, "provider", None).await;
    assert_eq!((all.join(" ").as_str(), total), ("a_b ab az b only-model", json!(5)));
    let models = admin.get("/api/providers?q=AZ").await.expect(200).data();
    assert_eq!(models[0]["models"].as_array().unwrap().len(), 2);
    let scopes = json!(["providers:resolve:a*", "providers:resolve:only-model"]);
    let (_, key) = admin.create_key(&json!({ "name": "narrow", "scopes": scopes })).await;
    let (reached, total) = walk(&app.anonymous(), list, "provider", Some(&key)).await;
    assert_eq!((reached.join(" ").as_str(), total), ("a_b ab az only-model", json!(4)));
}

async fn the_audit_log_is_listed_in_parts(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for name in ["one", "two", "three"] {
        admin.create_key(&json!({ "name": name })).await;
    }
    let entries = app.audit_entries().await;
    let first = admin.get("/api/admin/audit?limit=2").await.expect(200).body();
    assert_eq!(first["data"][0]["target"], "three");
    assert_eq!(first["total"], json!(entries));
    let next = format!("/api/admin/audit?limit=2&cursor={}", first["nextCursor"].as_str().unwrap());
    assert_eq!(admin.get(&next).await.expect(200).data()[0]["target"], "one");
    let found = admin.get("/api/admin/audit?q=TWO").await.expect(200).body();
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["target"], "two");
    assert!(found.get("total").is_none(), "counting would read the whole log: {found}");
}
