//! Queries on the keys: rows of the settings table with `type = 'api_key'`, `key` = the
//! name, `value` = JSON ([`super::row`]), and the time of the last use in its own column.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use ipnet::IpNet;
use keyward_api::keys::KeyName;
use keyward_api::limits::RateLimit;
use keyward_api::scopes::Scopes;
use keyward_core::digest::KeyDigest;
use keyward_core::networks;
use keyward_core::row::{Authenticated, RowKey, RowMac};
use keyward_core::set::Sum;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use serde_json::Map;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::row::{Former, ReadKey, Stored, StoredKey, parse, read, record, to_json, to_key};
use super::rows::KeyRows;
use crate::database::{Refusal, ServiceError};
use crate::settings::{self, FoundRow, Kind, Model};

/// A key that is to be made.
pub struct NewKey {
    /// Distinct among all keys.
    pub name: KeyName,
    /// What it may do.
    pub scopes: Scopes,
    /// From then on it is refused.
    pub expires_at: Option<OffsetDateTime>,
    /// How often it is accepted.
    pub rate_limit: Option<RateLimit>,
    /// From where.
    pub networks: Vec<IpNet>,
}

impl NewKey {
    /// A key that proves who calls, from everywhere, as often as it comes, for ever.
    pub fn named(name: KeyName) -> Self {
        let (scopes, networks) = (Scopes::default(), Vec::new());
        Self { name, scopes, expires_at: None, rate_limit: None, networks }
    }
}

/// The digest of a key that was just made, and its display prefix.
pub struct NewDigest {
    /// Its first characters.
    pub prefix: String,
    /// Its digest.
    pub digest: KeyDigest,
}

/// What a rotation replaced.
pub struct Replaced {
    row: Model,
    stored: Stored,
    by: KeyDigest,
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
    /// A new limit, or none.
    pub rate_limit: Option<Option<RateLimit>>,
    /// All networks anew.
    pub networks: Option<Vec<IpNet>>,
}

/// Which parts are changed, for the audit log.
impl fmt::Display for KeyChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map(|name| format!("name: {}", name.as_str()));
        let scopes = self.scopes.as_ref().map(scopes_text);
        let expiry = self.expires_at.map(expiry_text);
        let enabled = self.enabled.map(|enabled| format!("enabled: {enabled}"));
        let limit = self.rate_limit.as_ref().map(|limit| limit_text(limit.as_ref()));
        let networks = self.networks.as_ref().map(|networks| networks_text(networks));
        let parts = [name, scopes, expiry, enabled, limit, networks];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

/// What the key may do, and how long, how often and from where, for the audit log.
impl fmt::Display for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scopes, expiry) = (scopes_text(&self.scopes), expiry_text(self.expires_at));
        let (limit, networks) =
            (limit_text(self.rate_limit.as_ref()), networks_text(&self.networks));
        write!(f, "{scopes}, {expiry}, {limit}, {networks}")
    }
}

fn scopes_text(scopes: &Scopes) -> String {
    let scopes: Vec<&str> = scopes.iter().collect();
    format!("scopes: {}", if scopes.is_empty() { "none".into() } else { scopes.join(" ") })
}

fn expiry_text(expiry: Option<OffsetDateTime>) -> String {
    let text = expiry.and_then(|at| at.format(&Rfc3339).ok());
    format!("expiry: {}", text.as_deref().unwrap_or("never"))
}

fn limit_text(limit: Option<&RateLimit>) -> String {
    match limit {
        Some(RateLimit { requests, window_seconds }) => {
            format!("rate limit: {} in {} s", requests.get(), window_seconds.get())
        }
        None => "rate limit: none".to_owned(),
    }
}

fn networks_text(networks: &[IpNet]) -> String {
    let texts: Vec<String> = networks.iter().map(networks::to_text).collect();
    format!("networks: {}", if texts.is_empty() { "all".into() } else { texts.join(" ") })
}

/// Why a change of the keys is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// Another key has the name.
    #[error("An API key named \"{0}\" already exists")]
    NameTaken(String),
    /// No key has the id.
    #[error("API key not found")]
    NotFound,
    /// The row cannot be read, so it can only be deleted.
    #[error("The stored row of this API key cannot be read; it can only be deleted")]
    Unreadable,
    /// The new key would be refused as the old one is. (A disabled key may be rotated: it is
    /// enabled by the person who disabled it.)
    #[error("This API key has expired; change its expiry before you rotate it")]
    Expired,
    /// The key was rotated after the rotation that was to be undone.
    #[error("The key was rotated again in the meantime")]
    RotatedAgain,
    /// No replaced key is accepted beside this one.
    #[error("This API key has no old key that still works")]
    NoOverlap,
    /// The row was changed from outside.
    #[error(
        "The stored row of this API key was changed outside of Keyward; delete the key, or accept \
         what is stored with `keyward store accept`"
    )]
    Altered,
}

impl Refusal for KeyRefusal {}

/// Why a change of the keys did not happen.
pub type KeyError = ServiceError<KeyRefusal>;

/// A key as it is stored, with what makes it a member of the set.
pub struct Found {
    /// The key.
    pub key: ReadKey,
    /// The mac of its row, as far as that may be one.
    pub mac: Option<RowMac>,
    /// What it is in the sum of the set.
    pub element: Sum,
}

impl Found {
    fn of(rows: &RowKey, row: FoundRow) -> Self {
        let element = rows.element_of(Model::TABLE, row.id(), row.mac());
        let mac = row.mac().and_then(|mac| mac.try_into().ok());
        Self { key: read(rows, row), mac, element }
    }
}

/// All keys one after the other, in the order of their ids, without holding all of them.
pub async fn stream(
    moment: &DatabaseTransaction,
    rows: &RowKey,
) -> Result<impl Stream<Item = Result<Found, DbErr>>, DbErr> {
    let rows = rows.clone();
    let found = settings::stream(moment, Kind::ApiKey).await?;
    Ok(found.map(move |row| Ok(Found::of(&rows, row?))))
}

/// The keys with these ids, in no order.
pub async fn find_many<'a>(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<Vec<Found>, DbErr> {
    let found = settings::find_many(db, Kind::ApiKey, ids).await?;
    Ok(found.into_iter().map(|row| Found::of(rows, row)).collect())
}

/// What a key with this id and mac is in the sum of the set.
pub fn element(rows: &RowKey, id: &str, mac: &RowMac) -> Sum {
    rows.element_of(Model::TABLE, id, Some(mac))
}

/// The keys with these ids as they are stored, by id.
pub async fn get_many<'a>(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<HashMap<String, ReadKey>, DbErr> {
    let found = settings::find_many(db, Kind::ApiKey, ids).await?;
    let keys = found.into_iter().map(|row| read(rows, row));
    Ok(keys.map(|key| (record(&key).id.clone(), key)).collect())
}

/// The latest uses from `since` on, at most `limit`: the ids of the keys, and when.
pub async fn used_since(
    db: &impl ConnectionTrait,
    since: OffsetDateTime,
    limit: u64,
) -> Result<Vec<(String, OffsetDateTime)>, DbErr> {
    settings::used_since(db, Kind::ApiKey, since, limit).await
}

/// Stores a new key and gives back what the list shows.
pub async fn insert(
    keys: &mut KeyRows,
    new: NewKey,
    digest: NewDigest,
    created_by: String,
    now: OffsetDateTime,
) -> Result<StoredKey, KeyError> {
    let NewKey { name, scopes, expires_at, rate_limit, networks } = new;
    refuse_taken_name(keys, name.as_str(), None).await?;
    let stored = Stored {
        key_prefix: digest.prefix,
        key_hash: digest.digest.to_hex(),
        name: None,
        scopes,
        expires_at,
        enabled: true,
        created_by: Some(created_by),
        rate_limit,
        allowed_networks: networks,
        former: None,
        unknown: Map::new(),
    };
    let (id, key) = (Uuid::now_v7().to_string(), String::from(name));
    let row = keys
        .insert(&id, &key, to_json(&stored), now)
        .await
        .map_err(|error| taken_or_failed(error, &key))?;
    Ok(to_key(row, stored, digest.digest))
}

/// Changes a key: what the list shows from now on, and the name it had.
pub async fn update(
    keys: &mut KeyRows,
    id: &str,
    change: KeyChange,
    now: OffsetDateTime,
) -> Result<(StoredKey, String), KeyError> {
    let (mut row, mut stored, digest) = find(keys, id).await?;
    let former_name = stored.name.clone().unwrap_or_else(|| row.key.clone());
    if let Some(name) = change.name {
        refuse_taken_name(keys, name.as_str(), Some(id)).await?;
        // From here on the column is the name; a name of the older layout would hide it.
        stored.name = None;
        row.key = name.into();
    }
    // An overlap that is over must not begin again when the expiry moves.
    let end = stored.expires_at;
    let lasts = |former: &Former| end.map_or(former.ends_at, |end| end.min(former.ends_at)) > now;
    stored.former = stored.former.filter(lasts);
    stored.scopes = change.scopes.unwrap_or(stored.scopes);
    stored.expires_at = change.expires_at.unwrap_or(stored.expires_at);
    stored.enabled = change.enabled.unwrap_or(stored.enabled);
    stored.rate_limit = change.rate_limit.unwrap_or(stored.rate_limit);
    stored.allowed_networks = change.networks.unwrap_or(stored.allowed_networks);
    save(keys, &mut row, &stored, now).await?;
    Ok((to_key(row, stored, digest), former_name))
}

/// Puts another key in the place of the one with this id, which works for `grace` longer.
/// A key that was replaced before is refused from now on.
pub async fn rotate(
    keys: &mut KeyRows,
    id: &str,
    new: NewDigest,
    grace: Duration,
    now: OffsetDateTime,
) -> Result<(StoredKey, Replaced), KeyError> {
    let (mut row, mut stored, old) = find(keys, id).await?;
    let replaced = Replaced { row: row.clone(), stored: stored.clone(), by: new.digest };
    if stored.expires_at.is_some_and(|expiry| expiry <= now) {
        return Err(KeyRefusal::Expired.into());
    }
    let (prefix, hash) = (stored.key_prefix, old.to_hex());
    stored.former = (!grace.is_zero()).then(|| Former { prefix, hash, ends_at: now + grace });
    (stored.key_prefix, stored.key_hash) = (new.prefix, new.digest.to_hex());
    save(keys, &mut row, &stored, now).await?;
    settings::start_overlap(keys.transaction(), Kind::ApiKey, id).await?;
    row.former_last_used_at = row.last_used_at.take();
    Ok((to_key(row, stored, new.digest), replaced))
}

/// Undoes a rotation: the replaced key is the only one again, and the one before it works on
/// until its end. What else was changed of the row meanwhile stays.
pub async fn put_back(
    keys: &mut KeyRows,
    replaced: Replaced,
    now: OffsetDateTime,
) -> Result<StoredKey, KeyError> {
    let Replaced { row: before, stored: former, by } = replaced;
    let (mut row, mut stored, digest) = find(keys, &before.id).await?;
    if digest != by {
        return Err(KeyRefusal::RotatedAgain.into());
    }
    let Stored { key_prefix, key_hash, former, .. } = former;
    stored = Stored { key_prefix, key_hash, former, ..stored };
    save(keys, &mut row, &stored, now).await?;
    let (last, former_last) = (before.last_used_at, before.former_last_used_at);
    let db = keys.transaction();
    settings::set_last_uses(db, Kind::ApiKey, &before.id, last, former_last).await?;
    (row.last_used_at, row.former_last_used_at) = (last, former_last);
    let (_, digest) = parse(&before.value).map_err(|_| KeyRefusal::Unreadable)?;
    Ok(to_key(row, stored, digest))
}

/// Refuses from now on the key that this one replaced.
pub async fn end_overlap(
    keys: &mut KeyRows,
    id: &str,
    now: OffsetDateTime,
) -> Result<StoredKey, KeyError> {
    let (mut row, mut stored, digest) = find(keys, id).await?;
    let overlap = to_key(row.clone(), stored.clone(), digest).record.overlap;
    overlap.filter(|overlap| overlap.ends_at > now).ok_or(KeyRefusal::NoOverlap)?;
    stored.former = None;
    save(keys, &mut row, &stored, now).await?;
    Ok(to_key(row, stored, digest))
}

/// A key that can be changed.
async fn find(keys: &KeyRows, id: &str) -> Result<(Model, Stored, KeyDigest), KeyError> {
    let found = settings::find(keys.transaction(), Kind::ApiKey, id).await?;
    let found = found.ok_or(KeyRefusal::NotFound)?;
    let FoundRow::Whole(row) = found else { return Err(KeyRefusal::Unreadable.into()) };
    if !keys.is_ours(&row) {
        return Err(KeyRefusal::Altered.into());
    }
    let (stored, digest) = parse(&row.value).map_err(|_| KeyRefusal::Unreadable)?;
    Ok((row, stored, digest))
}

async fn save(
    keys: &mut KeyRows,
    row: &mut Model,
    stored: &Stored,
    now: OffsetDateTime,
) -> Result<(), KeyError> {
    row.value = to_json(stored);
    let changed = keys.update(row, now).await.map_err(|error| taken_or_failed(error, &row.key))?;
    if changed == 0 { Err(KeyRefusal::NotFound.into()) } else { Ok(()) }
}

/// Deletes the key with this id and tells its name; a row of another type is not a key.
pub async fn delete(keys: &mut KeyRows, id: &str) -> Result<String, KeyError> {
    let found = settings::find(keys.transaction(), Kind::ApiKey, id).await?;
    let found = found.ok_or(KeyRefusal::NotFound)?;
    if keys.delete(&found).await? == 0 {
        return Err(KeyRefusal::NotFound.into());
    }
    Ok(record(&read(keys.rows(), found)).name.clone())
}

/// Remembers that the key with this digest was used: as the last use of the key with this id,
/// or of the one that it replaced, whichever has the digest now.
pub async fn record_use(
    db: &impl ConnectionTrait,
    id: &str,
    digest: &KeyDigest,
    at: OffsetDateTime,
) -> Result<(), DbErr> {
    let hash = digest.to_hex();
    let as_former = format!("\"hash\":\"{hash}\"");
    settings::record_use(db, Kind::ApiKey, id, at, [&hash, &as_former]).await
}

/// The key with this name, as it is stored.
pub async fn get_named(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    name: &str,
) -> Result<Option<ReadKey>, DbErr> {
    let found = rows_that_may_show(db, name).await?;
    Ok(found.into_iter().map(|row| read(rows, row)).find(|key| record(key).name == name))
}

/// The key with this id, as it is stored.
pub async fn get(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    id: &str,
) -> Result<Option<ReadKey>, DbErr> {
    Ok(settings::find(db, Kind::ApiKey, id).await?.map(|row| read(rows, row)))
}

/// The row with this name in its column, and those of the older layout, which may show it.
async fn rows_that_may_show(db: &impl ConnectionTrait, name: &str) -> Result<Vec<FoundRow>, DbErr> {
    let mut rows = settings::named_in_value(db, Kind::ApiKey).await?;
    rows.extend(settings::found_by_key(db, Kind::ApiKey, name).await?);
    Ok(rows)
}

/// The column is unique by itself; rows of the older layout may show another name.
async fn refuse_taken_name(
    keys: &KeyRows,
    name: &str,
    own_id: Option<&str>,
) -> Result<(), KeyError> {
    let rows = rows_that_may_show(keys.transaction(), name).await?;
    let shows = |value: &str| parse(value).is_ok_and(|(s, _)| s.name.as_deref() == Some(name));
    let taken = rows.into_iter().any(|row| match row {
        FoundRow::Whole(row) => {
            Some(row.id.as_str()) != own_id && (row.key == name || shows(&row.value))
        }
        FoundRow::Broken { id, key, .. } => Some(id.as_str()) != own_id && key == name,
    });
    if taken { Err(KeyRefusal::NameTaken(name.to_owned()).into()) } else { Ok(()) }
}

fn taken_or_failed(error: DbErr, name: &str) -> KeyError {
    match error.sql_err() {
        Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => {
            KeyRefusal::NameTaken(name.to_owned()).into()
        }
        _ => error.into(),
    }
}
