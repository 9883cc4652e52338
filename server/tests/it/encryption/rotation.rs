//! A new data key, and every value under it: wholly or not at all.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use keyward::audit::Actor;
use keyward::database::{AdvisoryLock, begin_write};
use keyward::encryption;
use keyward::encryption::columns::{SEALED, SECRETS};
use keyward::encryption::entity::{Entity as KeyEntity, Model as Key};
use keyward::encryption::error::{RotateError, RotateRefusal};
use keyward::encryption::key_set;
use keyward::encryption::unlock::unlock;
use keyward::encryption::wrapped_key::Purpose;
use keyward::keys::entity::generation;
use keyward_core::kek::RootKey;
use keyward_core::kek::RootKeys;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Statement};
use serde_json::json;

use crate::support::earlier::{execute, make_earlier, sign_unbound, unbind};
use crate::support::{App, Backend, Client, EMAIL, ROOT_KEY, on_both_databases};

on_both_databases!(
    every_value_moves_and_stays_readable,
    values_of_the_older_layout_move_too,
    one_row_that_does_not_open_stops_it_and_nothing_changes,
    another_server_follows_at_once,
    writers_and_readers_go_on_while_it_runs,
    one_at_a_time,
    two_servers_do_not_rotate_at_once,
    a_server_with_the_former_root_key_does_not_rotate,
    the_registry_lists_every_sealed_column_of_the_schema,
    the_schema_is_the_same_after_a_rotation,
    an_empty_store_rotates_too,
    the_former_key_is_erased_and_what_is_put_back_under_it_does_not_open,
    a_store_of_an_earlier_version_is_moved_and_its_keys_are_erased,
    a_value_that_was_renamed_before_it_was_moved_stops_it,
    states_that_were_swapped_are_refused_by_a_running_server_and_at_the_start,
    a_newest_key_that_was_taken_out_is_missed_by_a_running_server_and_at_the_start,
    a_sum_of_another_day_or_none_is_refused,
);

async fn every_value_moves_and_stays_readable(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    // More than are moved at a time.
    for n in 0..300 {
        admin.add_secret(&format!("KEY_{n}"), &format!("value {n}")).await;
    }
    let before = admin.get("/api/secrets").await.expect(200).data();
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(admin.rotated_data_key().await, json!({ "newVersion": 2, "reEncrypted": 300 }));
    let time = "2026-01-01T12:01:00Z";
    let expected = json!({
        "activeVersion": 2, "secrets": 300, "legacy": 0,
        "keys": [
            { "version": 2, "state": "active", "createdAt": time, "createdBy": EMAIL, "retiredAt": null },
            {
                "version": 1, "state": "retired", "createdAt": "2026-01-01T12:00:00Z",
                "createdBy": "system", "retiredAt": time,
            },
        ],
    });
    assert_eq!(admin.encryption().await, expected);
    for n in (0..300).step_by(37) {
        assert_eq!(admin.secret(&format!("KEY_{n}")).await, format!("value {n}"));
    }
    let key_ids = SECRETS.after(&app.state.db, "", 1000).await.unwrap();
    let key_ids: BTreeSet<_> = key_ids.into_iter().map(|row| row.key_id).collect();
    assert_eq!(key_ids.len(), 1);
    // A rotation is no change of a secret.
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), before);
    assert_eq!(admin.rotated_data_key().await["newVersion"], 3);
}

async fn values_of_the_older_layout_move_too(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("NEW", "new").await;
    // Sealed by Node directly under the root key of the tests; as bytes, base64 and hex.
    let rows: [(&str, &[u8], &[u8]); 3] = [
        ("RAW", &hex::decode("000102030405060708090a0b").unwrap(), &hex::decode(LEGACY).unwrap()),
        ("BASE64", b"AAECAwQFBgcICQoL", b"x1jFNsm5sJqcO0ai84gQqaM="),
        ("HEX", b"000102030405060708090a0b", LEGACY.as_bytes()),
    ];
    for (key, iv, sealed) in rows {
        let statement = Statement::from_sql_and_values(
            app.state.db.get_database_backend(),
            "INSERT INTO secrets (id, key, encrypted_value, iv) VALUES ($1, $2, $3, $4)",
            [key.into(), key.into(), sealed.to_vec().into(), iv.to_vec().into()],
        );
        app.state.db.execute_raw(statement).await.unwrap();
        // Nobody who has the key for rows said yet that it may be called so.
        admin.get(&format!("/api/secrets/{key}")).await.expect(500);
        sign_unbound(&app.state.db).await;
        assert_eq!(admin.secret(key).await, "v", "{key}");
    }
    let before = admin.encryption().await;
    assert_eq!((&before["secrets"], &before["legacy"]), (&json!(1), &json!(3)));
    assert_eq!(admin.rotated_data_key().await["reEncrypted"], 4);
    let after = admin.encryption().await;
    assert_eq!((&after["secrets"], &after["legacy"]), (&json!(4), &json!(0)));
    for (key, ..) in rows {
        assert_eq!(admin.secret(key).await, "v", "{key}");
    }
    let moved = SECRETS.after(&app.state.db, "", 10).await.unwrap();
    assert!(moved.iter().all(|row| row.iv.is_none() && row.key_id.is_some()));
}

/// `v` under the root key of the tests.
const LEGACY: &str = "c758c536c9b9b09a9c3b46a2f38810a9a3";

async fn one_row_that_does_not_open_stops_it_and_nothing_changes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..5 {
        admin.add_secret(&format!("KEY_{n}"), "v").await;
    }
    let rows = SECRETS.after(&app.state.db, "", 10).await.unwrap();
    let key_id = rows[0].key_id.clone().unwrap();
    let mut broken = rows[4].sealed.clone();
    *broken.last_mut().unwrap() ^= 1;
    let row = vec![(rows[4].id.clone(), broken)];
    SECRETS.replace(&app.state.db, &key_id, row).await.unwrap();
    let (before, entries) = (admin.encryption().await, app.audit_entries().await);
    let answer = admin.rotate_data_key().await;
    let answer = answer.expect(500);
    assert_eq!(answer.body()["code"], "rotation_failed");
    let named = format!("\"{}\" in the table secrets", rows[4].label);
    let detail = answer.body()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&named), "the row is named: {detail}");
    assert_eq!(admin.encryption().await, before);
    assert_eq!(app.audit_entries().await, entries);
    let after = SECRETS.after(&app.state.db, "", 10).await.unwrap();
    assert!(after.iter().all(|row| row.key_id.as_ref() == Some(&key_id)));
    assert_eq!(admin.secret(&rows[0].label).await, "v");
    // It can be tried again once the row is gone.
    admin.delete(&format!("/api/secrets/{}", rows[4].label)).await.expect(200);
    assert_eq!(admin.rotated_data_key().await, json!({ "newVersion": 2, "reEncrypted": 4 }));
}

async fn another_server_follows_at_once(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let (here, there) = (app.admin().await, other.admin().await);
    here.add_secret("A", "a").await;
    here.rotated_data_key().await;
    assert_eq!(there.secret("A").await, "a");
    there.add_secret("B", "b").await;
    assert_eq!(here.secret("B").await, "b");
    assert_eq!(there.encryption().await, here.encryption().await);
    assert_eq!(here.encryption().await["secrets"], 2);
    // What the other server wrote is under the new key: nothing is left behind.
    let rows = SECRETS.after(&app.state.db, "", 10).await.unwrap();
    assert_eq!(rows[0].key_id, rows[1].key_id);
}

const WRITERS: usize = 50;

async fn writers_and_readers_go_on_while_it_runs(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..WRITERS {
        admin.add_secret(&format!("KEY_{n}"), "0").await;
    }
    let writers = (0..WRITERS).map(|n| {
        let admin = &admin;
        async move {
            let path = format!("/api/secrets/KEY_{n}");
            for round in 1..=4 {
                let body = json!({ "value": round.to_string() });
                admin.put(&path, &body).await.expect(200);
                assert_eq!(admin.secret(&format!("KEY_{n}")).await, round.to_string());
                // Rows come and go as well.
                admin.add_secret(&format!("TEMP_{n}"), "t").await;
                admin.delete(&format!("/api/secrets/TEMP_{n}")).await.expect(200);
                if n < 10 {
                    use_a_provider(admin, n, round).await;
                }
            }
        }
    });
    let rotations = async {
        for version in 2..=5 {
            assert_eq!(admin.rotated_data_key().await["newVersion"], version);
        }
    };
    tokio::join!(join_all(writers), rotations);
    for n in 0..WRITERS {
        assert_eq!(admin.secret(&format!("KEY_{n}")).await, "4");
    }
    assert_eq!(
        admin.rotated_data_key().await,
        json!({ "newVersion": 6, "reEncrypted": WRITERS + 10 })
    );
    assert!(app.state.audit.verify(&app.state.db).await.unwrap().is_valid());
}

/// Leaves one key, after others came and went.
async fn use_a_provider(admin: &Client, n: usize, round: u32) {
    let set = async |path: &str| {
        let path = format!("/api/providers/p{n}{path}");
        let body = json!({ "value": round.to_string() });
        admin.put(&path, &body).await.expect(200);
    };
    admin.delete(&format!("/api/providers/p{n}")).await;
    set("").await;
    set("/models/m").await;
    let path = format!("/api/resolve?provider=p{n}&model=m");
    let resolved = admin.get(&path).await.expect(200).data();
    assert_eq!(
        (&resolved["value"], &resolved["source"]),
        (&json!(round.to_string()), &json!("model"))
    );
    admin.delete(&format!("/api/providers/p{n}/models/m")).await.expect(200);
}

async fn one_at_a_time(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..40 {
        admin.add_secret(&format!("KEY_{n}"), "v").await;
    }
    let actor = Actor::command_line();
    let rotations = join_all((0..6).map(|_| app.state.rotation.rotate(&actor))).await;
    let done = rotations.iter().filter(|rotation| rotation.is_ok()).count();
    assert!(done >= 1);
    let refused = |rotation: &&Result<_, RotateError>| {
        matches!(rotation, Err(RotateError::Refused(RotateRefusal::Running)))
    };
    assert_eq!(rotations.iter().filter(refused).count(), 6 - done, "{rotations:?}");
    assert!(done < 6, "none was refused");
    let status = admin.encryption().await;
    assert_eq!(status["activeVersion"], 1 + done);
    assert_eq!(status.get("rotation"), None);
}

async fn two_servers_do_not_rotate_at_once(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let (here, there) = (app.admin().await, other.admin().await);
    here.add_secret("A", "a").await;
    // What another server holds while it rotates, or changes the root key.
    let lock = keyward::database::begin_locked(&other.state.db, AdvisoryLock::Keys).await.unwrap();
    let answer = here.rotate_data_key().await;
    answer.expect_problem(409, "rotation_running", "A rotation is already running");
    lock.rollback().await.unwrap();
    let actor = Actor::system();
    let (first, second) =
        tokio::join!(app.state.rotation.rotate(&actor), other.state.rotation.rotate(&actor));
    let done = [first, second].iter().filter(|rotation| rotation.is_ok()).count();
    assert!(done >= 1);
    assert_eq!(there.encryption().await["activeVersion"], 1 + done);
    assert_eq!(there.secret("A").await, "a");
}

async fn a_server_with_the_former_root_key_does_not_rotate(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "a").await;
    let parse = |text: &str| RootKey::parse(text).unwrap();
    let current = parse("77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=");
    let roots = RootKeys { current, previous: Some(parse(ROOT_KEY)) };
    let db = app.database.connect().await;
    let unlocked = unlock(&db, &roots, &app.clock).await.unwrap();
    // What it would wrap would be lost with the former key.
    admin.rotate_data_key().await.expect(503);
    let row = SECRETS.after(&db, "", 1).await.unwrap().remove(0);
    assert_eq!(*unlocked.keyring.open(&db, SECRETS, &row).await.unwrap(), b"a");
    assert_eq!(admin.encryption().await["activeVersion"], 1);
    // Nor does it give out what it has opened: the reading could not be recorded.
    admin.get("/api/secrets/A").await.expect(503);
}

/// Binary columns that hold no sealed value, each with what it holds instead.
const NOT_SEALED: [(&str, &str); 19] = [
    ("encryption_keys", "wrapped"), // sealed under the root key; re-wrapped when that changes
    ("secrets", "iv"),              // a nonce of the older layout
    ("secrets", "mac"),             // a mac
    ("audit_log", "prev_hash"),     // a hash
    ("audit_log", "entry_hash"),    // a hash
    ("audit_log", "mac"),           // a mac
    ("audit_head", "entry_hash"),   // a hash
    ("audit_head", "mac"),          // a mac
    ("settings", "mac"),            // a mac
    ("users", "mac"),               // a mac
    ("invitations", "mac"),         // a mac
    ("sessions", "mac"),            // a mac
    ("sessions", "seen_mac"),       // a mac
    ("provider_credentials", "mac"), // a mac
    ("model_credentials", "mac"),   // a mac
    ("audit_head", "sets"),         // how often each set was changed
    ("audit_head", "sets_mac"),     // a mac
    ("generation", "sum"),          // the masked sum of a set
    ("generation", "mac"),          // a mac
];

async fn the_registry_lists_every_sealed_column_of_the_schema(backend: Backend) {
    let app = App::start(backend).await;
    let sql = match backend {
        Backend::Sqlite => {
            "SELECT m.name AS t, p.name AS c, lower(p.type) AS k FROM sqlite_master m \
             JOIN pragma_table_info(m.name) p WHERE m.type = 'table'"
        }
        Backend::Postgres => {
            "SELECT table_name::text AS t, column_name::text AS c, data_type::text AS k \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let statement = Statement::from_string(app.state.db.get_database_backend(), sql);
    let columns: Vec<(String, String, String)> = app
        .state
        .db
        .query_all_raw(statement)
        .await
        .unwrap()
        .iter()
        .map(|row| ["t", "c", "k"].map(|name| row.try_get("", name).unwrap()).into())
        .collect();
    let is_binary = |kind: &str| matches!(kind, "blob" | "bytea");
    let mut binary: BTreeSet<(&str, &str)> = columns
        .iter()
        .filter(|(_, _, kind)| is_binary(kind))
        .map(|(table, column, _)| (table.as_str(), column.as_str()))
        .collect();
    for sealed in SEALED {
        assert!(binary.remove(&(sealed.table, sealed.column)), "{sealed:?} is not in the schema");
        let has = |column: &str| columns.iter().any(|(t, c, _)| t == sealed.table && c == column);
        assert!(has("key_id") && has("created_at") && has(sealed.label), "{sealed:?}");
        assert_eq!(has("iv"), sealed.has_iv, "{sealed:?}");
    }
    for column in NOT_SEALED {
        assert!(binary.remove(&column), "{column:?} is not in the schema");
    }
    assert!(binary.is_empty(), "sealed, but not in the registry? {binary:?}");
    // Values under a data key, wherever they are, are in the registry.
    for (table, column, _) in &columns {
        let is_listed = SEALED.iter().any(|sealed| sealed.table == table);
        // That of these is the id of an API key.
        let is_of_api_key = ["key_changes", "key_creations"].contains(&table.as_str());
        let is_data_key = column == "key_id" && !is_of_api_key;
        assert!(!is_data_key || is_listed, "{table}.{column}");
    }
}

async fn an_empty_store_rotates_too(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    assert_eq!(admin.rotated_data_key().await, json!({ "newVersion": 2, "reEncrypted": 0 }));
}

fn data_keys(keys: Vec<Key>) -> Vec<Key> {
    keys.into_iter().filter(|key| key.is_for(Purpose::Data)).collect()
}

/// Newest first.
async fn stored_keys(app: &App) -> Vec<Key> {
    data_keys(encryption::store::list(&app.state.db).await.unwrap())
}

/// The exit code of a start that is refused, and what it says.
fn refused_start(app: &App) -> String {
    let (code, _, said) = app.database.run(&["encryption", "status"]);
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("encryption_keys") || said.contains("generation"), "{said}");
    said
}

async fn the_former_key_is_erased_and_what_is_put_back_under_it_does_not_open(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let (here, there) = (app.admin().await, other.admin().await);
    here.add_secret("A", "former").await;
    assert_eq!(there.secret("A").await, "former");
    let former = SECRETS.after(&app.state.db, "", 1).await.unwrap().remove(0);
    here.put_secret("A", &json!({ "value": "now" })).await.expect(200);
    here.rotated_data_key().await;
    let keys = stored_keys(&app).await;
    let erased: Vec<_> = keys.iter().map(|key| (key.version, key.is_erased())).collect();
    assert_eq!(erased, [(2, false), (1, true)]);
    assert_eq!(there.secret("A").await, "now");
    // The other one has seen the new key when it wrote, or looked whether it is ready.
    there.add_secret("B", "b").await;
    let row = vec![(former.id.clone(), former.sealed)];
    SECRETS.replace(&app.state.db, &former.key_id.unwrap(), row).await.unwrap();
    let restarted = app.sibling().await;
    for client in [&here, &there, &restarted.admin().await] {
        let answer = client.get("/api/secrets/A").await;
        let message = "Secret with key \"A\" cannot be decrypted";
        answer.expect_problem(500, "secret_unreadable", message);
        assert_eq!(client.secret("B").await, "b");
    }
    // Nor is it moved.
    here.rotate_data_key().await.expect(500);
    here.put_secret("A", &json!({ "value": "again" })).await.expect(200);
    here.rotated_data_key().await;
    assert_eq!(restarted.admin().await.secret("A").await, "again");
    app.anonymous().get("/readyz").await.expect(200);
}

async fn a_store_of_an_earlier_version_is_moved_and_its_keys_are_erased(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "a").await;
    // A version that erased no key has rotated.
    let first = stored_keys(&app).await.remove(0);
    admin.rotated_data_key().await;
    let sql = "UPDATE encryption_keys SET wrapped = $1 WHERE version = 1 AND purpose = 'data'";
    execute(&app.state.db, sql, vec![first.wrapped.into()]).await;
    let transaction = begin_write(&app.state.db).await.unwrap();
    let keys = encryption::store::list(&transaction).await.unwrap();
    key_set::sign(&transaction, &app.state.rows, &keys, 0).await.unwrap();
    transaction.commit().await.unwrap();
    make_earlier(&app.state.db).await;
    app.database.forget_watermark();
    drop(app.sibling().await);
    let keys = encryption::store::list(&app.state.db).await.unwrap();
    assert!(keys.iter().all(Key::is_wrapped_anew) && keys.len() == 4);
    let app = app.sibling().await;
    sign_unbound(&app.state.db).await;
    let admin = app.admin().await;
    assert_eq!(admin.secret("A").await, "a");
    assert_eq!(admin.rotated_data_key().await, json!({ "newVersion": 3, "reEncrypted": 1 }));
    assert_eq!(admin.secret("A").await, "a");
    let keys = stored_keys(&app).await;
    assert_eq!(keys.iter().map(Key::is_erased).collect::<Vec<_>>(), [false, true, true]);
    let moved = SECRETS.after(&app.state.db, "", 10).await.unwrap().remove(0);
    assert!(moved.sealed[0] == 2 && moved.mac.is_none());
}

async fn a_value_that_was_renamed_before_it_was_moved_stops_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "a").await;
    unbind(&app.state.db).await;
    assert_eq!(sign_unbound(&app.state.db).await, 1);
    assert_eq!(admin.secret("A").await, "a");
    execute(&app.state.db, "UPDATE secrets SET key = 'B'", vec![]).await;
    let answer = admin.rotate_data_key().await;
    assert!(answer.expect(500).text.contains("was altered"));
    execute(&app.state.db, "UPDATE secrets SET key = 'A'", vec![]).await;
    admin.rotated_data_key().await;
    assert_eq!(admin.secret("A").await, "a");
}

async fn states_that_were_swapped_are_refused_by_a_running_server_and_at_the_start(
    backend: Backend,
) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "a").await;
    let first = stored_keys(&app).await.remove(0);
    admin.rotated_data_key().await;
    let entries = app.audit_entries().await;
    let set = async |version: i32, state: &str| {
        let sql = "UPDATE encryption_keys SET state = $1 WHERE version = $2 AND purpose = 'data'";
        execute(&app.state.db, sql, vec![state.into(), version.into()]).await;
    };
    set(2, "retired").await;
    set(1, "active").await;
    admin.post("/api/secrets", &json!({ "key": "B", "value": "b" })).await.expect(503);
    admin.delete("/api/secrets/A").await.expect(503);
    admin.rotate_data_key().await.expect(503);
    admin.get("/api/admin/encryption").await.expect(503);
    tokio::time::sleep(Duration::from_millis(600)).await;
    app.anonymous().get("/readyz").await.expect(503);
    refused_start(&app);
    // With the key itself as it was before it was erased.
    let sql = "UPDATE encryption_keys SET wrapped = $1 WHERE id = $2";
    let id = first.id.clone();
    execute(&app.state.db, sql, vec![first.wrapped.into(), first.id.into()]).await;
    admin.post("/api/secrets", &json!({ "key": "B", "value": "b" })).await.expect(503);
    let said = refused_start(&app);
    assert!(said.contains("version 2, must be active"), "{said}");
    // Both retired is no better.
    set(1, "retired").await;
    admin.post("/api/secrets", &json!({ "key": "B", "value": "b" })).await.expect(503);
    refused_start(&app);
    set(2, "active").await;
    execute(&app.state.db, sql, vec![Vec::<u8>::new().into(), id.into()]).await;
    assert_eq!(app.audit_entries().await, entries, "nothing was done");
    admin.add_secret("B", "b").await;
    admin.rotated_data_key().await;
}

async fn a_newest_key_that_was_taken_out_is_missed_by_a_running_server_and_at_the_start(
    backend: Backend,
) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    // Rows of a day when the first key was the newest.
    let (first, secrets) = (stored_keys(&app).await.remove(0), "DELETE FROM secrets");
    admin.rotated_data_key().await;
    admin.add_secret("A", "a").await;
    let mut second = stored_keys(&app).await.remove(0);
    execute(&app.state.db, secrets, vec![]).await;
    let delete = "DELETE FROM encryption_keys WHERE purpose = 'data'";
    assert_eq!(execute(&app.state.db, delete, vec![]).await, 2);
    KeyEntity::insert(first.clone().into_active_model()).exec(&app.state.db).await.unwrap();
    admin.post("/api/secrets", &json!({ "key": "B", "value": "b" })).await.expect(503);
    admin.rotate_data_key().await.expect(503);
    tokio::time::sleep(Duration::from_millis(600)).await;
    app.anonymous().get("/readyz").await.expect(503);
    let said = refused_start(&app);
    assert!(said.contains("a row was added, taken out or put back"), "{said}");
    // Nor do both do, with the states of that day.
    "retired".clone_into(&mut second.state);
    KeyEntity::insert(second.into_active_model()).exec(&app.state.db).await.unwrap();
    refused_start(&app);
}

async fn a_sum_of_another_day_or_none_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let read = async || {
        let row = generation::Entity::find_by_id(2_i16).one(&app.state.db).await.unwrap();
        row.unwrap()
    };
    let put = async |row: generation::Model| {
        row.into_active_model().reset_all().update(&app.state.db).await.unwrap();
    };
    let first = read().await;
    assert!(first.mac.is_some() && first.count == Some(3));
    admin.rotated_data_key().await;
    let second = read().await;
    assert_eq!((second.n, second.count), (first.n + 1, Some(4)));
    let unsigned = generation::Model { count: None, sum: None, mac: None, ..second.clone() };
    let count = generation::Model { count: Some(3), ..second.clone() };
    for wrong in [first, unsigned, count] {
        put(wrong).await;
        refused_start(&app);
        admin.rotate_data_key().await.expect(503);
    }
    tokio::time::sleep(Duration::from_millis(600)).await;
    app.anonymous().get("/readyz").await.expect(503);
    put(second).await;
    admin.rotated_data_key().await;
    // Without the key for rows, nothing can be said of anything.
    let delete = "DELETE FROM encryption_keys WHERE purpose = 'rows'";
    execute(&app.state.db, delete, vec![]).await;
    execute(&app.state.db, "UPDATE generation SET count = NULL, sum = NULL, mac = NULL", vec![])
        .await;
    assert!(refused_start(&app).contains("macs of rows"));
}

async fn the_schema_is_the_same_after_a_rotation(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A_KEY", "v").await;
    let sql = match backend {
        Backend::Sqlite => "SELECT name || ' ' || coalesce(sql, '') AS line FROM sqlite_master",
        Backend::Postgres => "SELECT indexdef AS line FROM pg_indexes WHERE schemaname = 'public'",
    };
    let schema = async || {
        let statement = Statement::from_string(app.state.db.get_database_backend(), sql);
        let rows = app.state.db.query_all_raw(statement).await.unwrap();
        let line = |row: &sea_orm::QueryResult| row.try_get::<String>("", "line").unwrap();
        rows.iter().map(line).collect::<BTreeSet<_>>()
    };
    let before = schema().await;
    assert!(before.iter().any(|line| line.contains("secrets_key_id")));
    admin.rotated_data_key().await;
    assert_eq!(schema().await, before);
    // Also where it was not there, as in a store that somebody copied.
    if backend == Backend::Sqlite {
        app.execute("DROP INDEX secrets_key_id").await;
        admin.rotated_data_key().await;
        assert_eq!(schema().await, before);
    }
}

/// Writers that waited for a rotation hold the key that was active before it while they ask for the
/// new one, which the next rotation may hold: if that waited for the former key, neither would end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_does_not_wait_for_a_key_that_is_erased_already() {
    let app = App::start(Backend::Postgres).await;
    let admin = app.admin().await;
    admin.rotated_data_key().await;
    let waiter = begin_write(&app.state.db).await.unwrap();
    let former = "SELECT id FROM encryption_keys WHERE state = 'retired' FOR UPDATE";
    let former = Statement::from_string(app.state.db.get_database_backend(), former);
    assert_eq!(waiter.query_all_raw(former).await.unwrap().len(), 1);
    assert_eq!(admin.rotated_data_key().await["newVersion"], 3);
    waiter.rollback().await.unwrap();
}
