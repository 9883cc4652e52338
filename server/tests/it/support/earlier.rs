//! What earlier versions wrote: values and wrapped keys of format 1, nothing signed.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use keyward::clock::Clock;
use keyward::database::{DatabaseConnection, begin_write};
use keyward::encryption::columns::{MODELS, PROVIDERS, SECRETS, SealedColumn, SealedRow};
use keyward::encryption::entity::{Entity, Model};
use keyward::encryption::unbound;
use keyward::encryption::unlock::{Unlocked, unlock};
use keyward_core::dek::Dek;
use keyward_core::kek::RootKey;
use keyward_core::kek::RootKeys;
use sea_orm::{ActiveModelTrait, ConnectionTrait, EntityTrait, IntoActiveModel, Statement, Value};
use sha2::{Digest, Sha256};

use super::ROOT_KEY;

fn root() -> RootKey {
    RootKey::parse(ROOT_KEY).unwrap()
}

/// Runs a statement; the number of rows it changed.
pub async fn execute(db: &DatabaseConnection, sql: &str, values: Vec<Value>) -> u64 {
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    db.execute_raw(statement).await.unwrap().rows_affected()
}

/// The keys as the next start opens them.
pub async fn unlocked(db: &DatabaseConnection) -> Unlocked {
    let roots = RootKeys { current: root(), previous: None };
    unlock(db, &roots, &Clock::System).await.unwrap()
}

/// Gives the secrets that are sealed without their name their macs, as the first start on a store
/// of an earlier version does.
pub async fn sign_unbound(db: &DatabaseConnection) -> u64 {
    let rows = unlocked(db).await.rows;
    let transaction = begin_write(db).await.unwrap();
    let signed = unbound::sign_unbound(&transaction, &rows).await.unwrap();
    transaction.commit().await.unwrap();
    signed
}

/// Seals in format 1, by its description and not by the code of the server.
fn seal(dek: &Dek, [table, column, row_id, key_id]: [&str; 4], plaintext: &[u8]) -> Vec<u8> {
    let mut aad = Vec::new();
    for part in [table, column, row_id, key_id] {
        aad.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        aad.extend(part.as_bytes());
    }
    let (salt, nonce) = ([7; 32], [9; 12]);
    let mut derived = [0; 64];
    let info = [b"keyward/seal/v1".as_slice(), &Sha256::digest(&aad)].concat();
    Hkdf::<Sha256>::new(Some(&salt), dek.expose()).expand(&info, &mut derived).unwrap();
    let cipher = Aes256Gcm::new_from_slice(&derived[..32]).unwrap();
    let payload = Payload { msg: plaintext, aad: &aad };
    let ciphertext = cipher.encrypt(&Nonce::from(nonce), payload).unwrap();
    [&[1], &salt[..], &derived[32..], &nonce, &ciphertext].concat()
}

/// The same value in format 1, under the same key.
async fn in_format_1(db: &DatabaseConnection, column: SealedColumn, row: &SealedRow) -> Vec<u8> {
    let unlocked = unlocked(db).await;
    let value = unlocked.keyring.open(db, column, row).await.unwrap();
    let key_id = row.key_id.clone().unwrap();
    let key = Entity::find_by_id(&key_id).one(db).await.unwrap().unwrap();
    let dek = key.unwrap(&root()).unwrap();
    seal(&dek, [column.table, column.column, &row.id, &key_id], &value)
}

/// Puts every value back into format 1, unsigned.
pub async fn unbind(db: &DatabaseConnection) {
    for column in [SECRETS, PROVIDERS, MODELS] {
        for row in column.after(db, "", 1_000).await.unwrap() {
            let sealed = vec![(row.id.clone(), in_format_1(db, column, &row).await)];
            column.replace(db, &row.key_id.unwrap(), sealed).await.unwrap();
        }
    }
}

fn wrap_in_format_1(key: &Model) -> Vec<u8> {
    let dek = key.unwrap(&root()).unwrap();
    let column = format!("wrapped/{}/{}", key.purpose, key.version);
    let place = ["encryption_keys", &column, &key.id, &key.kek_id];
    seal(&root().wrapping_key(), place, dek.expose())
}

/// Makes of a store what an earlier version would have left: no key for rows, nothing signed,
/// everything sealed in format 1.
pub async fn make_earlier(db: &DatabaseConnection) {
    unbind(db).await;
    execute(db, "DELETE FROM encryption_keys WHERE purpose = 'rows'", vec![]).await;
    for key in Entity::find().all(db).await.unwrap() {
        let wrapped = wrap_in_format_1(&key);
        let mut key = key.into_active_model();
        key.wrapped = sea_orm::Set(wrapped);
        key.update(db).await.unwrap();
    }
    // An earlier version did not say that it signed.
    let unsaid = "UPDATE audit_log SET action = 'key.create' WHERE action LIKE 'store.%'";
    execute(db, unsaid, vec![]).await;
    for table in
        ["settings", "users", "sessions", "secrets", "provider_credentials", "model_credentials"]
    {
        execute(db, &format!("UPDATE {table} SET mac = NULL"), vec![]).await;
    }
    execute(db, "UPDATE generation SET count = NULL, sum = NULL, mac = NULL", vec![]).await;
}
