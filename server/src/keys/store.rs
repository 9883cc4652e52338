//! Keys as rows of the settings table: `type = 'api_key'`, `key` = the name, `value` =
//! JSON with the digest and everything else but the time of the last use.

use keyward_api::keys::{ApiKey, KeyName, Scopes};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use uuid::Uuid;

use super::token::KeyDigest;
use crate::settings::{self, FoundRow, Kind};

/// The name of the row that tells processes apart which changed the keys last.
const REVISION: &str = "api_keys_revision";

/// The JSON in `value`. Older rows have the first two members only, and perhaps `name`;
/// members this version does not know are kept.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    key_prefix: String,
    key_hash: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default)]
    scopes: Scopes,
    #[serde(default, with = "time::serde::rfc3339::option")]
    expires_at: Option<OffsetDateTime>,
    #[serde(default = "enabled")]
    enabled: bool,
    #[serde(default)]
    created_by: Option<String>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

fn enabled() -> bool {
    true
}

/// A key as it is stored: everything about it but the key.
#[derive(Clone, Debug)]
pub struct StoredKey {
    /// What the list shows.
    pub record: ApiKey,
    /// What a presented key must hash to.
    pub digest: KeyDigest,
}

/// A row that is no key. It authenticates nobody, and the list says so.
#[derive(Clone, Debug)]
pub struct UnreadableKey {
    /// What can be told about it.
    pub record: ApiKey,
    /// Why it cannot be read; never a part of the value.
    pub reason: String,
}

/// A row, read.
pub type ReadKey = Result<StoredKey, Box<UnreadableKey>>;

/// What a new key consists of; the key itself is not stored.
pub struct NewKey {
    /// Distinct among all keys.
    pub name: KeyName,
    /// What it may do.
    pub scopes: Scopes,
    /// From then on it is refused.
    pub expires_at: Option<OffsetDateTime>,
    /// Who makes it.
    pub created_by: String,
    /// The first characters of the key.
    pub prefix: String,
    /// The digest of the key.
    pub digest: KeyDigest,
}

/// What can be changed of a key; `None` leaves it.
#[derive(Default)]
pub struct KeyChange {
    /// A new name.
    pub name: Option<KeyName>,
    /// All scopes anew.
    pub scopes: Option<Scopes>,
    /// A new expiry, or none.
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// Refuse or accept it.
    pub enabled: Option<bool>,
}

/// Why a change of the keys did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Another key has the name.
    #[error("An API key named \"{0}\" already exists")]
    NameTaken(String),
    /// No key has the id.
    #[error("API key not found")]
    NotFound,
    /// The row cannot be read, so it can only be deleted.
    #[error("The stored row of this API key cannot be read; it can only be deleted")]
    Unreadable,
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// All keys, oldest first.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<ReadKey>, DbErr> {
    let rows = settings::list(db, Kind::ApiKey).await?;
    let mut keys: Vec<ReadKey> = rows.into_iter().map(read).collect();
    keys.sort_by(|a, b| {
        let (a, b) = (record(a), record(b));
        (a.created_at, &a.id).cmp(&(b.created_at, &b.id))
    });
    Ok(keys)
}

/// Stores a new key and gives back what the list shows.
pub async fn insert(
    db: &impl ConnectionTrait,
    new: NewKey,
    now: OffsetDateTime,
) -> Result<StoredKey, ChangeError> {
    let NewKey { name, scopes, expires_at, created_by, prefix, digest } = new;
    refuse_taken_name(db, name.as_str(), None).await?;
    let stored = Stored {
        key_prefix: prefix,
        key_hash: digest.to_hex(),
        name: None,
        scopes,
        expires_at,
        enabled: true,
        created_by: Some(created_by),
        unknown: Map::new(),
    };
    let id = Uuid::now_v7().to_string();
    settings::insert(db, Kind::ApiKey, &id, name.as_str(), to_json(&stored), now)
        .await
        .map_err(|error| taken_or_failed(error, name.as_str()))?;
    let record = to_record(id, name.into(), stored, now, None);
    Ok(StoredKey { record, digest })
}

/// Changes a key and gives back what the list shows from now on.
pub async fn update(
    db: &impl ConnectionTrait,
    id: &str,
    change: KeyChange,
    now: OffsetDateTime,
) -> Result<StoredKey, ChangeError> {
    let row = settings::find(db, Kind::ApiKey, id).await?.ok_or(ChangeError::NotFound)?;
    let (mut stored, digest) = parse(&row.value).map_err(|_| ChangeError::Unreadable)?;
    let mut key = row.key;
    if let Some(name) = change.name {
        refuse_taken_name(db, name.as_str(), Some(id)).await?;
        // From here on the column is the name; a name of the older layout would hide it.
        stored.name = None;
        key = name.into();
    }
    stored.scopes = change.scopes.unwrap_or(stored.scopes);
    stored.expires_at = change.expires_at.unwrap_or(stored.expires_at);
    stored.enabled = change.enabled.unwrap_or(stored.enabled);
    let changed = settings::update(db, Kind::ApiKey, id, &key, to_json(&stored), now)
        .await
        .map_err(|error| taken_or_failed(error, &key))?;
    if changed == 0 {
        return Err(ChangeError::NotFound);
    }
    let name = stored.name.clone().unwrap_or(key);
    let record = to_record(row.id, name, stored, row.created_at, row.last_used_at);
    Ok(StoredKey { record, digest })
}

/// Deletes the key with this id; a row of another type is not a key.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<(), ChangeError> {
    match settings::delete(db, Kind::ApiKey, id).await? {
        0 => Err(ChangeError::NotFound),
        _ => Ok(()),
    }
}

/// The revision of the keys: a value that every change replaces.
pub async fn revision(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let row = settings::find_by_key(db, Kind::Config, REVISION).await?;
    Ok(row.map(|row| row.value))
}

/// The revision, locked until the transaction ends. A change takes it before it reads
/// anything: changes of all processes take turns, and none overwrites what it did not see.
pub async fn lock_revision(transaction: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    let row = settings::lock_by_key(transaction, Kind::Config, REVISION).await?;
    Ok(row.map(|row| row.value))
}

/// Replaces the revision, in the transaction of the change; the value it has now.
pub async fn bump_revision(
    transaction: &DatabaseTransaction,
    now: OffsetDateTime,
) -> Result<String, DbErr> {
    let id = Uuid::now_v7().to_string();
    let after = Value::from(id.clone()).to_string();
    settings::put(transaction, Kind::Config, &id, REVISION, after.clone(), now).await?;
    Ok(after)
}

/// The column is unique by itself; rows of the older layout may show another name.
async fn refuse_taken_name(
    db: &impl ConnectionTrait,
    name: &str,
    own_id: Option<&str>,
) -> Result<(), ChangeError> {
    let mut rows = settings::value_like(db, Kind::ApiKey, "\"name\"").await?;
    rows.extend(settings::find_by_key(db, Kind::ApiKey, name).await?);
    let mut others = rows.into_iter().filter(|row| Some(row.id.as_str()) != own_id);
    let taken = others.any(|row| {
        row.key == name || parse(&row.value).is_ok_and(|(s, _)| s.name.as_deref() == Some(name))
    });
    if taken { Err(ChangeError::NameTaken(name.to_owned())) } else { Ok(()) }
}

fn taken_or_failed(error: DbErr, name: &str) -> ChangeError {
    match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => {
            ChangeError::NameTaken(name.to_owned())
        }
        _ => ChangeError::Database(error),
    }
}

/// What the list shows of a row.
pub fn record(key: &ReadKey) -> &ApiKey {
    match key {
        Ok(key) => &key.record,
        Err(unreadable) => &unreadable.record,
    }
}

fn read(row: FoundRow) -> ReadKey {
    let row = match row {
        FoundRow::Whole(row) => row,
        FoundRow::Broken { id, key, reason } => {
            let record = unreadable(id, key, OffsetDateTime::UNIX_EPOCH, None);
            return Err(Box::new(UnreadableKey { record, reason }));
        }
    };
    match parse(&row.value) {
        Ok((stored, digest)) => {
            let name = stored.name.clone().unwrap_or(row.key);
            let record = to_record(row.id, name, stored, row.created_at, row.last_used_at);
            Ok(StoredKey { record, digest })
        }
        Err(reason) => {
            let record = unreadable(row.id, row.key, row.created_at, row.last_used_at);
            Err(Box::new(UnreadableKey { record, reason }))
        }
    }
}

fn unreadable(
    id: String,
    name: String,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
) -> ApiKey {
    ApiKey {
        id,
        name,
        prefix: String::new(),
        scopes: Scopes::default(),
        created_at,
        created_by: None,
        last_used_at,
        expires_at: None,
        enabled: false,
        unreadable: true,
    }
}

fn parse(value: &str) -> Result<(Stored, KeyDigest), String> {
    // The error's own text could quote the value.
    let stored: Stored = serde_json::from_str(value)
        .map_err(|error| format!("not the JSON of a key, at column {}", error.column()))?;
    let digest = KeyDigest::from_hex(&stored.key_hash)
        .ok_or_else(|| "key_hash is not 64 hex digits".to_owned())?;
    Ok((stored, digest))
}

fn to_json(stored: &Stored) -> String {
    // Maps with text keys and no float cannot fail to serialise.
    serde_json::to_value(stored).unwrap_or_default().to_string()
}

fn to_record(
    id: String,
    name: String,
    stored: Stored,
    created_at: OffsetDateTime,
    last_used_at: Option<OffsetDateTime>,
) -> ApiKey {
    ApiKey {
        id,
        name,
        prefix: stored.key_prefix,
        scopes: stored.scopes,
        created_at,
        created_by: stored.created_by,
        last_used_at,
        expires_at: stored.expires_at,
        enabled: stored.enabled,
        unreadable: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_older_layout_is_a_key_that_is_enabled_and_has_no_scopes() {
        let value = format!(r#"{{"key_prefix":"kw_abcde","key_hash":"{HASH}"}}"#);
        let (stored, digest) = parse(&value).unwrap();
        assert!(stored.enabled && stored.scopes == Scopes::default());
        assert_eq!(digest, KeyDigest::of("abc"));
    }

    #[test]
    fn members_this_version_does_not_know_survive_a_change() {
        let value = format!(r#"{{"key_prefix":"k","key_hash":"{HASH}","team":{{"a":1}}}}"#);
        let again = to_json(&parse(&value).unwrap().0);
        assert!(again.contains(r#""team":{"a":1}"#), "{again}");
    }

    #[test]
    fn what_is_no_key_is_told_without_quoting_it() {
        for value in [
            "",
            "null",
            "planted",
            r#"{"key_prefix":"planted"}"#,
            r#"{"key_prefix":"k","key_hash":"planted"}"#,
        ] {
            let reason = parse(value).err().unwrap();
            assert!(!reason.contains("planted"), "{reason}");
        }
    }
}
