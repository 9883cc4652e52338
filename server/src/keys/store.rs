//! Queries on the keys: rows of the settings table with `type = 'api_key'`, `key` = the
//! name, `value` = JSON ([`super::row`]), and the time of the last use in its own column.

use std::fmt;

use keyward_api::keys::KeyName;
use keyward_api::scopes::Scopes;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::row::{ReadKey, Stored, StoredKey, parse, read, record, to_json, to_record};
use super::token::KeyDigest;
use crate::settings::{self, FoundRow, Kind};

/// The name of the row that tells processes apart which changed the keys last.
const REVISION: &str = "api_keys_revision";

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

/// Which parts are changed, for the audit log.
impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(|name| format!("name: {}", name.as_str()));
        let scopes = self
            .scopes
            .as_ref()
            .map(|scopes| format!("scopes: {}", scopes.iter().collect::<Vec<_>>().join(" ")));
        let expiry = self.expires_at.map(|expiry| {
            let text = expiry.and_then(|at| at.format(&Rfc3339).ok());
            format!("expiry: {}", text.as_deref().unwrap_or("never"))
        });
        let enabled = self.enabled.map(|enabled| format!("enabled: {enabled}"));
        let parts = [name, scopes, expiry, enabled];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
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

/// Changes a key: what the list shows from now on, and the name it had.
pub async fn update(
    db: &impl ConnectionTrait,
    id: &str,
    change: KeyChange,
    now: OffsetDateTime,
) -> Result<(StoredKey, String), ChangeError> {
    let found = settings::find(db, Kind::ApiKey, id).await?.ok_or(ChangeError::NotFound)?;
    let FoundRow::Whole(row) = found else { return Err(ChangeError::Unreadable) };
    let (mut stored, digest) = parse(&row.value).map_err(|_| ChangeError::Unreadable)?;
    let former_name = stored.name.clone().unwrap_or_else(|| row.key.clone());
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
    Ok((StoredKey { record, digest }, former_name))
}

/// Deletes the key with this id and tells its name; a row of another type is not a key.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<String, ChangeError> {
    let found = settings::find(db, Kind::ApiKey, id).await?.map(read);
    if settings::delete(db, Kind::ApiKey, id).await? == 0 {
        return Err(ChangeError::NotFound);
    }
    Ok(found.map_or_else(String::new, |key| record(&key).name.clone()))
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
    rows.extend(settings::found_by_key(db, Kind::ApiKey, name).await?);
    let shows = |value: &str| parse(value).is_ok_and(|(s, _)| s.name.as_deref() == Some(name));
    let taken = rows.into_iter().any(|row| match row {
        FoundRow::Whole(row) => {
            Some(row.id.as_str()) != own_id && (row.key == name || shows(&row.value))
        }
        FoundRow::Broken { id, key, .. } => Some(id.as_str()) != own_id && key == name,
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
