//! A store that the version before row authenticity left behind. The first start signs what is
//! there, once, and says so; then nobody but the owner makes it sign again.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::Stdio;

use keyward::audit::entity::log;
use keyward::encryption::entity as keys;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde::Deserialize;
use serde_json::json;

use crate::support::program::Server;
use crate::support::{App, Backend, Client, EMAIL, TestDatabase, on_both_databases};

on_both_databases!(
    everything_authenticates_and_opens_as_before_and_a_rotation_moves_it,
    the_first_start_says_what_it_signed_and_the_next_signs_nothing,
    a_store_that_was_signed_is_not_signed_again_without_the_key_for_rows,
);

/// What the README beside the stores says about them.
#[derive(Deserialize)]
struct Contents {
    keys: BTreeMap<String, Key>,
    /// The token of a session of the administrator.
    session: String,
    legacy: Vec<Legacy>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
struct Legacy {
    key: String,
    /// The value.
    hex: String,
}

/// A copy of the store.
async fn former(backend: Backend) -> (TestDatabase, Contents) {
    let database = TestDatabase::new(backend).await;
    let contents = match backend {
        Backend::Sqlite => {
            let store = include_bytes!("../../fixtures/store-before-rows/store.db");
            std::fs::write(database.folder().join("test.db"), store).unwrap();
            include_str!("../../fixtures/store-before-rows/sqlite.json")
        }
        Backend::Postgres => {
            let db = database.connect().await;
            let dump = include_str!("../../fixtures/store-before-rows/store.sql");
            db.execute_unprepared(dump).await.unwrap();
            db.close().await.unwrap();
            include_str!("../../fixtures/store-before-rows/postgres.json")
        }
    };
    (database, serde_json::from_str(contents).unwrap())
}

/// The details of the entries that record a signing.
async fn signings(database: &TestDatabase) -> Vec<String> {
    let db = database.connect().await;
    let signings = log::Entity::find().filter(log::Column::Action.eq("store.sign"));
    let signings = signings.all(&db).await.unwrap();
    signings.into_iter().map(|entry| entry.detail.unwrap()).collect()
}

fn is_clean(database: &TestDatabase) {
    let (code, findings, error) = database.run(&["store", "check"]);
    assert_eq!(code, 0, "{findings}{error}");
    let (code, _, error) = database.run(&["audit", "verify"]);
    assert_eq!(code, 0, "{error}");
}

async fn every_value_opens(admin: &Client, contents: &Contents) {
    let mut values = vec![
        ("OPENED_TOKEN".to_owned(), "of the first data key".to_owned()),
        ("NEW_TOKEN".to_owned(), "of the second data key".to_owned()),
    ];
    let text = |hex: &str| String::from_utf8(hex::decode(hex).unwrap()).unwrap();
    values.extend(contents.legacy.iter().map(|row| (row.key.clone(), text(&row.hex))));
    assert_eq!(values.len(), 4);
    for (name, value) in values {
        let revealed = admin.get(&format!("/api/secrets/{name}")).await.expect(200).data();
        assert_eq!(revealed["value"], json!(value), "{name}");
    }
    for (query, value, base_url) in [
        ("openai", "sk-of-openai", json!("https://openai.example/v1")),
        ("openai&model=gpt-5", "sk-of-gpt-5", json!("https://openai.example/v1")),
        ("anthropic", "sk-of-anthropic", json!(null)),
    ] {
        let resolved = admin.resolve(&format!("provider={query}")).await.expect(200);
        let resolved = resolved.data();
        assert_eq!((&resolved["value"], &resolved["baseUrl"]), (&json!(value), &base_url));
    }
}

async fn every_key_is_as_it_was(app: &App, contents: &Contents) {
    for (name, key) in &contents.keys {
        let status = match name.as_str() {
            "disabled" | "deleted" => 401,
            "elsewhere" => 403,
            _ => 200,
        };
        assert_eq!(app.verify(&key.key).await.status, status, "{name}");
    }
    let reads = contents.keys["reads"].key.as_bytes();
    let read = async |path: &str| app.anonymous().get_with(path, &[("x-api-key", reads)]).await;
    read("/api/secrets/NEW_TOKEN").await.expect(200);
    read("/api/resolve?provider=openai").await.expect(403);
}

async fn everything_authenticates_and_opens_as_before_and_a_rotation_moves_it(backend: Backend) {
    let (database, contents) = former(backend).await;
    let app = App::with(database.shared(), &[]).await;
    every_key_is_as_it_was(&app, &contents).await;
    let name = app.state.sign_in.cookies.session_name();
    let cookie = format!("{name}={}", contents.session);
    let session = [("cookie", cookie.as_bytes())];
    let who = app.anonymous().get_with("/api/session", &session).await.expect(200).data();
    assert_eq!(who["email"], json!(EMAIL));
    let admin = app.admin().await;
    every_value_opens(&admin, &contents).await;
    let rotated = admin.post("/api/admin/encryption/rotate", &json!({})).await.expect(200);
    assert_eq!(rotated.data(), json!({ "newVersion": 3, "reEncrypted": 7 }));
    every_value_opens(&admin, &contents).await;
    // Changes go on from there.
    let (id, key) = admin.create_key(&json!({ "name": "new" })).await;
    app.verify(&key).await.expect(200);
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    is_clean(&database);
    drop(app);
    let app = App::with(database.shared(), &[]).await;
    every_key_is_as_it_was(&app, &contents).await;
    every_value_opens(&app.admin().await, &contents).await;
    assert_eq!(signings(&database).await.len(), 1);
    is_clean(&database);
}

async fn the_first_start_says_what_it_signed_and_the_next_signs_nothing(backend: Backend) {
    let (database, _) = former(backend).await;
    let (code, log) = Server::start(&database, &[]).stop();
    assert_eq!(code, 0, "{log}");
    let signed = signings(&database).await;
    let [signed] = &signed[..] else { panic!("{signed:?}") };
    // Nine keys; one user; two providers and a model. Both say the same.
    for text in [signed, &log] {
        assert!(text.contains("9 ") && text.contains("1 "), "{text}");
    }
    let said = log.lines().filter(|line| line.contains(signed)).count();
    assert_eq!(said, 1, "{signed} in {log}");
    let (code, log) = Server::start(&database, &[]).stop();
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains(signed), "{log}");
    assert_eq!(signings(&database).await.len(), 1);
    is_clean(&database);
}

async fn a_store_that_was_signed_is_not_signed_again_without_the_key_for_rows(backend: Backend) {
    let (database, _) = former(backend).await;
    assert_eq!(Server::start(&database, &[]).stop().0, 0);
    let db = database.connect().await;
    // As if it had never been signed.
    for statement in [
        "DELETE FROM encryption_keys WHERE purpose = 'rows'",
        "UPDATE settings SET mac = NULL",
        "UPDATE users SET mac = NULL",
        "UPDATE sessions SET mac = NULL",
        "UPDATE provider_credentials SET mac = NULL",
        "UPDATE generation SET count = NULL, sum = NULL, mac = NULL",
    ] {
        db.execute_unprepared(statement).await.unwrap();
        assert_eq!(start(&database), Some(78), "after {statement}");
    }
    assert_eq!(signings(&database).await.len(), 1);
    let keys = keys::Entity::find().filter(keys::Column::Purpose.eq("rows"));
    assert_eq!(keys.count(&db).await.unwrap(), 0, "no key was made");
}

/// The exit code of a start; none: it serves.
fn start(database: &TestDatabase) -> Option<i32> {
    let mut command = database.command(&["serve"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut first = [0];
    // Nothing comes before it listens.
    let serves = child.stdout.as_mut().unwrap().read(&mut first).unwrap() > 0;
    if serves {
        child.kill().unwrap();
    }
    let code = child.wait().unwrap().code();
    code.filter(|_| !serves)
}
