//! Restore drills: of 10 000 keys 500 are revoked after the backup, and none of them is accepted.

use std::fs;

use keyward_core::token::PlainKey;
use serde_json::json;

use super::{Copy, accepted, text};
use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_backup_that_is_restored_by_command_brings_no_key_back,
    a_copy_that_is_put_back_brings_no_key_back,
);

const KEYS: usize = 10_000;
const REVOKED: usize = 500;

/// What a drill restores, and the keys.
struct Drill {
    database: TestDatabase,
    keys: Vec<PlainKey>,
    /// What was revoked: old keys as well, those of before a rotation.
    revoked: Vec<String>,
    /// What was made after the backup.
    later: Vec<String>,
}

/// Revokes in each way: deleted, rotated at once, overlap ended, disabled.
async fn revoke(database: TestDatabase, keys: Vec<PlainKey>) -> Drill {
    let server = Server::start(&database, &ADMIN);
    let admin = &server.client;
    admin.sign_in().await;
    let (mut revoked, mut later) = (Vec::new(), Vec::new());
    for (n, key) in keys.iter().take(REVOKED).enumerate() {
        let id = format!("{n:06}");
        let path = format!("/api/keys/{id}");
        match n % 10 {
            0 => later.push(admin.rotated_key(&id, 0).await),
            1 => {
                later.push(admin.rotated_key(&id, 3_600).await);
                admin.delete(&format!("{path}/overlap")).await.expect(200);
            }
            2 => drop(admin.patch(&path, &json!({ "enabled": false })).await.expect(200)),
            _ => drop(admin.delete(&path).await.expect(200)),
        }
        revoked.push(key.expose().to_owned());
    }
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    Drill { database, keys, revoked, later }
}

impl Drill {
    /// The backup is restored: nothing is accepted that was revoked, and all else is.
    async fn expect_no_key_back(self) {
        let Self { database, keys, revoked, later } = self;
        let error = database.refused_start();
        assert!(error.contains("is behind") && error.contains("keyward store accept"), "{error}");
        // What only looks is warned, and works; what would change it is refused.
        let out = database.does(&["keys", "list", "--json", "--limit", "1"]);
        assert!(out.contains("is behind"), "{out}");
        let (code, _, error) = database.run(&["keys", "delete", "000999"]);
        assert!(code == 78 && error.contains("is behind"), "{error}");
        let (code, out, _) = database.run(&["store", "check"]);
        assert!(code == 1 && out.contains("watermark: all: the store"), "{out}");
        let back = "and an earlier copy brought it back";
        assert_eq!(out.matches(back).count(), REVOKED, "{out}");
        let (code, _, error) = database.run(&["store", "accept"]);
        assert!(code == 1 && error.contains("--yes"), "{error}");
        database.refused_start();

        let out = database.does(&["store", "accept", "--yes"]);
        assert!(out.contains("450 revoked keys deleted, 0 overlaps ended, 50 disabled"), "{out}");
        database.does(&["store", "check"]);
        let app = App::with(database, &[]).await;
        assert_eq!(app.state.keys.len(), KEYS - 450);
        assert_eq!(accepted(&app, revoked.iter().chain(&later).map(String::as_str)), 0);
        let others = keys[REVOKED..].iter().map(PlainKey::expose);
        assert_eq!(accepted(&app, others), KEYS - REVOKED);
        let admin = app.admin().await;
        let deleted = admin.audit_log("&action=key.delete").await;
        assert_eq!(deleted[0]["actor"]["kind"], "command");
        assert_eq!(admin.verify_log().await["valid"], true);
        // A person enables what was disabled.
        admin.patch("/api/keys/000002", &json!({ "enabled": true })).await.expect(200);
        assert!(app.accepts(&revoked[2]).await);
        // And the next start goes on from there.
        let again = app.sibling().await;
        assert_eq!(accepted(&again, revoked.iter().map(String::as_str)), 1);
    }
}

async fn a_backup_that_is_restored_by_command_brings_no_key_back(backend: Backend) {
    let (database, keys) = TestDatabase::with_keys(backend, KEYS).await;
    drop(App::with(database.shared(), &ADMIN).await);
    let file = database.folder().join("backup");
    database.does(&["backup", text(&file)]);
    let drill = revoke(database, keys).await;
    drill.database.wipe().await;
    let out = drill.database.does(&["restore", text(&file)]);
    assert!(out.contains("Next: keyward store accept"), "{out}");
    drill.expect_no_key_back().await;
}

async fn a_copy_that_is_put_back_brings_no_key_back(backend: Backend) {
    let (database, keys) = TestDatabase::with_keys(backend, KEYS).await;
    assert_eq!(Server::start(&database, &ADMIN).stop().0, 0);
    let copy = database.copy();
    let drill = revoke(database, keys).await;
    drill.database.put_back(&copy).await;
    drill.expect_no_key_back().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_without_its_wal_is_not_taken_for_a_first_start() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    server.client.create_key(&json!({ "name": "n" })).await;
    // What a plain copy has while a server runs.
    let copy = Copy(database.folder().join("copy"));
    fs::copy(database.file(), &copy.0).unwrap();
    assert_eq!(server.stop().0, 0);
    let before = fs::read(database.seen()).unwrap();
    database.put_back(&copy).await;
    let error = database.refused_start();
    assert!(error.contains("copied without its -wal"), "{error}");
    assert!(!error.contains("create the administrator"), "{error}");
    // The same of an empty file, and of none.
    fs::write(database.file(), "").unwrap();
    assert!(database.refused_start().contains("there is no store"));
    database.wipe().await;
    assert!(database.refused_start().contains("there is no store"));
    assert!(!database.file().exists());
    let (code, ..) = database.run(&["keys", "create", "--name", "a"]);
    assert_eq!(code, 78);
    assert_eq!(fs::read(database.seen()).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_is_not_taken_for_a_first_start() {
    let database = TestDatabase::new(Backend::Postgres).await;
    drop(App::with(database.shared(), &ADMIN).await);
    database.wipe().await;
    let error = database.refused_start();
    assert!(error.contains("there is no store") && error.contains("store accept"), "{error}");
    // Tables without a store in them are none either.
    database.does(&["migrate"]);
    assert!(database.refused_start().contains("there is no store"));
    // A person says so: then it is a first start.
    database.does(&["store", "accept", "--yes"]);
    let app = App::with(database, &[]).await;
    assert!(app.setup_token.is_some() && app.state.keys.watermark().met().is_none());
}
