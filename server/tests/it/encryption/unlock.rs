//! The start: it opens what is stored, makes the first keys, or says why not.

use futures_util::future::join_all;
use keyward::clock::Clock;
use keyward::database::DatabaseConnection;
use keyward::encryption::entity::{Column, Entity};
use keyward::encryption::error::UnlockError;
use keyward::encryption::unlock::{Unlocked, unlock};
use keyward::{audit, database};
use keyward_core::kek::RootKey;
use keyward_core::kek::RootKeys;
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, Statement, Value,
};
use serde_json::json;

use crate::support::{App, Backend, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    the_first_start_makes_one_key_of_each_purpose,
    of_many_first_starts_exactly_one_makes_the_keys,
    another_root_key_is_refused_and_both_are_named,
    a_changed_or_swapped_wrapped_key_is_refused,
    values_without_their_key_are_refused_and_the_row_is_named,
    a_log_without_its_key_is_refused,
    a_log_that_was_taken_away_with_its_key_is_not_started_again,
    values_of_the_older_layout_prove_the_root_key,
    the_root_key_is_changed_without_touching_values,
    the_root_key_is_not_changed_while_older_values_are_under_it,
    a_refused_start_changes_nothing,
);

const OTHER: &str = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";

fn roots(current: &str, previous: Option<&str>) -> RootKeys {
    let parse = |text: &str| RootKey::parse(text).unwrap();
    RootKeys { current: parse(current), previous: previous.map(parse) }
}

async fn migrated(backend: Backend) -> (TestDatabase, DatabaseConnection) {
    let database = TestDatabase::new(backend).await;
    let db = database.connect().await;
    database::migrate(&db).await.unwrap();
    (database, db)
}

async fn open(db: &DatabaseConnection, roots: &RootKeys) -> Result<Unlocked, UnlockError> {
    unlock(db, roots, &Clock::System).await
}

async fn execute(db: &DatabaseConnection, sql: &str, values: Vec<Value>) -> u64 {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.unwrap().rows_affected()
}

/// A server with a secret in it, stopped; its database.
async fn used(backend: Backend) -> (App, DatabaseConnection) {
    let app = App::start(backend).await;
    let body = json!({ "key": "A_SECRET", "value": "v" });
    app.admin().await.post("/api/secrets", &body).await.expect(200);
    let db = app.database.connect().await;
    (app, db)
}

/// Puts a value of the older layout in, sealed directly under [`ROOT_KEY`] by `with_iv`.
async fn add_legacy(db: &DatabaseConnection, key: &str, iv: &[u8], sealed: &[u8]) {
    let sql = "INSERT INTO secrets (id, key, encrypted_value, iv) VALUES ($1, $2, $3, $4)";
    let values =
        vec![format!("id-{key}").into(), key.into(), sealed.to_vec().into(), iv.to_vec().into()];
    assert_eq!(execute(db, sql, values).await, 1);
}

async fn the_first_start_makes_one_key_of_each_purpose(backend: Backend) {
    let (_database, db) = migrated(backend).await;
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    let keys = Entity::find().all(&db).await.unwrap();
    let mut kinds: Vec<_> = keys.iter().map(|k| (k.purpose.as_str(), k.version)).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [("audit", 1), ("data", 1), ("rows", 1)]);
    assert!(keys.iter().all(|key| key.kek_id == roots(ROOT_KEY, None).current.id()));
}

async fn of_many_first_starts_exactly_one_makes_the_keys(backend: Backend) {
    let (database, db) = migrated(backend).await;
    let starts = (0..8).map(|_| async {
        let db = database.connect().await;
        open(&db, &roots(ROOT_KEY, None)).await.map(drop)
    });
    for start in join_all(starts).await {
        start.unwrap();
    }
    assert_eq!(Entity::find().count(&db).await.unwrap(), 3);
}

async fn another_root_key_is_refused_and_both_are_named(backend: Backend) {
    let (_database, db) = migrated(backend).await;
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    let refusal = open(&db, &roots(OTHER, None)).await.unwrap_err().to_string();
    let (stored, given) = (roots(ROOT_KEY, None).current.id(), roots(OTHER, None).current.id());
    for part in [&stored, &given, "SECRETS_ENCRYPTION_KEY", "SECRETS_ENCRYPTION_KEY_PREVIOUS"] {
        assert!(refusal.contains(part), "{part} in {refusal}");
    }
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
}

async fn a_changed_or_swapped_wrapped_key_is_refused(backend: Backend) {
    let (_database, db) = migrated(backend).await;
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    let keys = Entity::find().all(&db).await.unwrap();
    let [a, b, _] = &keys[..] else { panic!("three keys") };
    let put = async |id: &str, wrapped: &[u8]| {
        let sql = "UPDATE encryption_keys SET wrapped = $1 WHERE id = $2";
        execute(&db, sql, vec![wrapped.to_vec().into(), id.into()]).await;
    };
    let mut flipped = a.wrapped.clone();
    flipped[70] ^= 1;
    for wrapped in [&b.wrapped[..], &flipped, &a.wrapped[..50], b""] {
        put(&a.id, wrapped).await;
        let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
        assert!(matches!(refusal, UnlockError::DamagedKey(_)), "{refusal}");
        let named = format!("{} key, version 1,", a.purpose);
        assert!(refusal.to_string().contains(&named), "{refusal}");
    }
    put(&a.id, &a.wrapped).await;
    // A row that claims another version is another row.
    execute(&db, "UPDATE encryption_keys SET version = 7", vec![]).await;
    let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::DamagedKey(_)), "{refusal}");
}

async fn values_without_their_key_are_refused_and_the_row_is_named(backend: Backend) {
    let (_app, db) = used(backend).await;
    let key_id = keyward::secrets::store::find(&db, "A_SECRET").await.unwrap().unwrap().key_id;
    Entity::delete_many().filter(Column::Purpose.eq("data")).exec(&db).await.unwrap();
    let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::UnknownKey(_)), "{refusal}");
    let text = refusal.to_string();
    assert!(text.contains("\"A_SECRET\"") && text.contains(&key_id.unwrap()), "{text}");
    let keys = Entity::find().filter(Column::Purpose.eq("data")).count(&db).await.unwrap();
    assert_eq!(keys, 0, "no key was made");
}

async fn a_log_without_its_key_is_refused(backend: Backend) {
    let (_app, db) = used(backend).await;
    Entity::delete_many().filter(Column::Purpose.eq("audit")).exec(&db).await.unwrap();
    let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NoAuditKey), "{refusal}");
}

async fn a_log_that_was_taken_away_with_its_key_is_not_started_again(backend: Backend) {
    let (_app, db) = used(backend).await;
    Entity::delete_many().filter(Column::Purpose.eq("audit")).exec(&db).await.unwrap();
    audit::entity::log::Entity::delete_many().exec(&db).await.unwrap();
    let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NoAuditKey), "{refusal}");
    // And with all keys: the head is still there.
    Entity::delete_many().exec(&db).await.unwrap();
    execute(&db, "DELETE FROM secrets", vec![]).await;
    let refusal = open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NoAuditKey), "{refusal}");
}

/// `v`, sealed by Node's own AES-256-GCM directly under [`ROOT_KEY`].
const LEGACY: [(&str, &str); 2] = [
    ("000102030405060708090a0b", "c758c536c9b9b09a9c3b46a2f38810a9a3"),
    ("000102030405060708090a0b0c0d0e0f", "52792cbe6fd7a45872433138e11c365285"),
];

async fn values_of_the_older_layout_prove_the_root_key(backend: Backend) {
    let (_database, db) = migrated(backend).await;
    for (n, (iv, sealed)) in LEGACY.iter().enumerate() {
        let (iv, sealed) = (hex::decode(iv).unwrap(), hex::decode(sealed).unwrap());
        add_legacy(&db, &format!("OLD_{n}"), &iv, &sealed).await;
    }
    let refusal = open(&db, &roots(OTHER, None)).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::LegacyRow { .. }), "{refusal}");
    assert!(refusal.to_string().contains("\"OLD_0\""), "{refusal}");
    assert_eq!(Entity::find().count(&db).await.unwrap(), 0, "no key was made");
    // One damaged row does not keep the others from proving it.
    execute(&db, "UPDATE secrets SET encrypted_value = iv WHERE key = 'OLD_0'", vec![]).await;
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    assert_eq!(Entity::find().count(&db).await.unwrap(), 3);
}

async fn the_root_key_is_changed_without_touching_values(backend: Backend) {
    let (_app, db) = used(backend).await;
    let before = keyward::secrets::store::find(&db, "A_SECRET").await.unwrap();
    open(&db, &roots(OTHER, None)).await.unwrap_err();
    open(&db, &roots(OTHER, Some(ROOT_KEY))).await.unwrap();
    let keys = Entity::find().all(&db).await.unwrap();
    assert!(keys.iter().all(|key| key.kek_id == roots(OTHER, None).current.id()));
    // From now on the former one is neither needed nor enough.
    let unlocked = open(&db, &roots(OTHER, None)).await.unwrap();
    open(&db, &roots(ROOT_KEY, None)).await.unwrap_err();
    let after = keyward::secrets::store::find(&db, "A_SECRET").await.unwrap();
    assert_eq!(before, after);
    let row = after.unwrap().sealed();
    let column = keyward::encryption::columns::SECRETS;
    assert_eq!(*unlocked.keyring.open(&db, column, &row).await.unwrap(), b"v");
    assert!(unlocked.audit.verify(&db).await.unwrap().is_valid());
    let filter =
        audit::store::AuditFilter { action: Some("encryption".into()), ..Default::default() };
    let entries = audit::store::list(&db, &filter, i64::MAX, 10).await.unwrap();
    assert_eq!(entries[0].action, "encryption.rewrap");
}

async fn the_root_key_is_not_changed_while_older_values_are_under_it(backend: Backend) {
    let (_database, db) = migrated(backend).await;
    let (iv, sealed) = (hex::decode(LEGACY[0].0).unwrap(), hex::decode(LEGACY[0].1).unwrap());
    add_legacy(&db, "OLD", &iv, &sealed).await;
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
    let refusal = open(&db, &roots(OTHER, Some(ROOT_KEY))).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::LegacyBeforeChange(1)), "{refusal}");
    open(&db, &roots(ROOT_KEY, None)).await.unwrap();
}

async fn a_refused_start_changes_nothing(backend: Backend) {
    let (_app, db) = used(backend).await;
    let retire = "UPDATE encryption_keys SET state = 'retired' WHERE purpose = 'data'";
    execute(&db, retire, vec![]).await;
    let keys = Entity::find().all(&db).await.unwrap();
    let entries = audit::entity::log::Entity::find().count(&db).await.unwrap();
    // Refused at the very end, when the keys were already wrapped again and it was recorded.
    let refusal = open(&db, &roots(OTHER, Some(ROOT_KEY))).await.unwrap_err();
    assert!(matches!(refusal, UnlockError::NotActive(1)), "{refusal}");
    assert_eq!(Entity::find().all(&db).await.unwrap(), keys);
    assert_eq!(audit::entity::log::Entity::find().count(&db).await.unwrap(), entries);
}
