//! Secrets that an older program wrote: every form opens, and the first rotation moves them.

use keyward::clock::Clock;
use keyward::database;
use keyward::database::{DatabaseConnection, begin_write};
use keyward::encryption::columns::SECRETS;
use keyward::encryption::error::UnlockError;
use keyward::encryption::unlock::unlock;
use keyward_core::kek::RootKey;
use keyward_core::kek::RootKeys;
use sea_orm::{ConnectionTrait, Statement, Value};
use serde::Deserialize;
use serde_json::json;

use crate::support::earlier::sign_unbound;
use crate::support::{ADMIN, App, Backend, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    every_form_opens_and_the_first_rotation_moves_it,
    a_text_stands_in_the_columns_as_text_or_as_bytes,
    rows_of_any_form_prove_the_root_key_at_the_first_start,
);

/// Made by Node: `server/core/src/vectors/make-legacy.mjs`.
#[derive(Deserialize)]
struct Vectors {
    root: String,
    rows: Vec<Vector>,
}

/// Columns as hex of what stands in them.
#[derive(Clone, Deserialize)]
struct Vector {
    form: String,
    iv: String,
    value: String,
    plaintext: String,
}

impl Vector {
    fn plaintext(&self) -> String {
        String::from_utf8(hex::decode(&self.plaintext).unwrap()).unwrap()
    }
}

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../core/src/vectors/legacy.json");
    let Vectors { root, rows } = serde_json::from_str(text).unwrap();
    assert_eq!(root, ROOT_KEY);
    rows
}

/// How a column is written: as bytes, or, where it is text and the database takes text, so.
#[derive(Clone, Copy)]
enum Written {
    Bytes,
    Text,
}

fn column(hexadecimal: &str, written: Written, backend: Backend) -> Value {
    let bytes = hex::decode(hexadecimal).unwrap();
    match (written, backend, String::from_utf8(bytes.clone())) {
        (Written::Text, Backend::Sqlite, Ok(text)) if text.is_ascii() => text.into(),
        _ => bytes.into(),
    }
}

async fn add(db: &DatabaseConnection, backend: Backend, rows: &[Vector], written: Written) {
    let transaction = begin_write(db).await.unwrap();
    for (n, row) in rows.iter().enumerate() {
        let statement = Statement::from_sql_and_values(
            db.get_database_backend(),
            "INSERT INTO secrets (id, key, encrypted_value, iv) VALUES ($1, $2, $3, $4)",
            [
                format!("id-{n}").into(),
                format!("KEY_{n}").into(),
                column(&row.value, written, backend),
                column(&row.iv, written, backend),
            ],
        );
        transaction.execute_raw(statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// A server on a store that has these rows already.
async fn app_with(backend: Backend, rows: &[Vector], written: Written) -> App {
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    database::migrate(&db).await.unwrap();
    add(&db, backend, rows, written).await;
    let app = App::with(database, &ADMIN).await;
    sign_unbound(&app.state.db).await;
    app
}

async fn every_value_is_as_it_was(app: &App, rows: &[Vector]) {
    let admin = app.admin().await;
    for (n, row) in rows.iter().enumerate() {
        let revealed = admin.get(&format!("/api/secrets/KEY_{n}")).await.expect(200).data();
        assert_eq!(revealed["value"], json!(row.plaintext()), "{}", row.form);
    }
}

async fn every_form_opens_and_the_first_rotation_moves_it(backend: Backend) {
    let rows = vectors();
    let app = app_with(backend, &rows, Written::Bytes).await;
    every_value_is_as_it_was(&app, &rows).await;
    let admin = app.admin().await;
    let status = admin.encryption().await;
    assert_eq!((&status["secrets"], &status["legacy"]), (&json!(0), &json!(rows.len())));
    let rotated = admin.post("/api/admin/encryption/rotate", &json!({})).await.expect(200);
    assert_eq!(rotated.data(), json!({ "newVersion": 2, "reEncrypted": rows.len() }));
    let status = admin.encryption().await;
    assert_eq!((&status["secrets"], &status["legacy"]), (&json!(rows.len()), &json!(0)));
    every_value_is_as_it_was(&app, &rows).await;
    let moved = SECRETS.after(&app.state.db, "", 1000).await.unwrap();
    assert!(moved.iter().all(|row| row.iv.is_none() && row.key_id.is_some()));
}

async fn a_text_stands_in_the_columns_as_text_or_as_bytes(backend: Backend) {
    let rows: Vec<Vector> = vectors()
        .into_iter()
        .filter(|row| !row.form.contains("raw"))
        .map(|row| Vector { value: row.value + "0a", ..row })
        .collect();
    let app = app_with(backend, &rows, Written::Text).await;
    let types = "SELECT COUNT(*) AS n FROM secrets WHERE typeof(encrypted_value) = 'text'";
    if backend == Backend::Sqlite {
        let statement = Statement::from_string(app.state.db.get_database_backend(), types);
        let row = app.state.db.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), i64::try_from(rows.len()).unwrap());
    }
    every_value_is_as_it_was(&app, &rows).await;
    let admin = app.admin().await;
    admin.post("/api/admin/encryption/rotate", &json!({})).await.expect(200);
    every_value_is_as_it_was(&app, &rows).await;
}

async fn rows_of_any_form_prove_the_root_key_at_the_first_start(backend: Backend) {
    let roots = |text: &str| RootKeys { current: RootKey::parse(text).unwrap(), previous: None };
    let other = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";
    for row in vectors().into_iter().filter(|row| row.form.ends_with("hex:hex")).take(3) {
        let database = TestDatabase::new(backend).await;
        let db = database.connect().await;
        database::migrate(&db).await.unwrap();
        add(&db, backend, std::slice::from_ref(&row), Written::Text).await;
        let refusal = unlock(&db, &roots(other), &Clock::System).await.unwrap_err();
        assert!(matches!(refusal, UnlockError::LegacyRow { .. }), "{refusal}");
        unlock(&db, &roots(ROOT_KEY), &Clock::System).await.unwrap();
    }
}
