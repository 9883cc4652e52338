//! Changes of stored keys, each in the transaction of [`KeyRows`].

use std::time::Duration;

use keyward_api::audit::AuditActorKind;
use keyward_api::roles::Role;
use keyward_core::digest::KeyDigest;
use sea_orm::DbErr;
use serde_json::Map;
use time::OffsetDateTime;
use uuid::Uuid;

use super::error::{KeyError, KeyRefusal};
use super::manager::{self, Holder, Manager};
use super::new_key::{KeyChange, NewDigest, NewKey};
use super::row::{Former, KeyJson, StoredKey, parse, read, record, to_json, to_key};
use super::rows::KeyRows;
use super::store::rows_that_may_show;
use super::withdrawn;
use crate::access::authority::Authority;
use crate::audit::Actor;
use crate::database::StoreError;
use crate::settings::{self, FoundRow, Model, RowType};

pub struct Replaced {
    row: Model,
    stored: KeyJson,
    by: KeyDigest,
}

/// What the one who asks may give, as it is stored now.
pub async fn manager(keys: &KeyRows, actor: &Actor) -> Result<Manager, KeyError> {
    if actor.is_admin() {
        return Ok(Manager::Admin);
    }
    match (&actor.authority, actor.kind) {
        (_, AuditActorKind::User) if actor.role >= Some(Role::Editor) => Ok(Manager::Editor),
        (Some(Authority::Key { id, digest: presented, .. }), _) => match find(keys, id).await {
            Ok((row, stored, digest)) => {
                Ok(Manager::Key(Holder::presented(to_key(row, stored, digest), presented)))
            }
            Err(KeyError::Refused(_)) => Err(StoreError::Revoked.into()),
            Err(error) => Err(error),
        },
        _ => Err(StoreError::Revoked.into()),
    }
}

/// Stores a new key and gives back what the list shows.
pub async fn insert(
    keys: &mut KeyRows,
    manager: &Manager,
    new: NewKey,
    digest: NewDigest,
    created_by: String,
    now: OffsetDateTime,
) -> Result<StoredKey, KeyError> {
    let NewKey { name, scopes, expires_at, rate_limit, networks } = new;
    manager.reach_name(name.as_str())?;
    let stored = KeyJson {
        key_prefix: digest.prefix,
        key_hash: digest.digest.to_hex(),
        name: None,
        expires_at,
        enabled: true,
        created_by: Some(created_by),
        rate_limit,
        allowed_networks: networks,
        former: None,
        manages: manager::manages(None, &scopes)?,
        scopes,
        unknown: Map::new(),
    };
    manager.give(&stored)?;
    refuse_taken_name(keys, name.as_str(), None).await?;
    let (id, key) = (Uuid::now_v7().to_string(), String::from(name));
    let row = keys
        .insert(&id, &key, to_json(&stored), now)
        .await
        .map_err(|error| taken_or_failed(error, &key))?;
    Ok(to_key(row, stored, digest.digest))
}

/// A key that was changed.
pub struct Updated {
    /// What the list shows from now on.
    pub key: StoredKey,
    /// The name it had.
    pub former_name: String,
    /// Whether something that was accepted is refused from now on, or was asked to be.
    pub takes_away: bool,
}

/// Changes a key.
pub async fn update(
    keys: &mut KeyRows,
    manager: &Manager,
    id: &str,
    change: KeyChange,
    now: OffsetDateTime,
) -> Result<Updated, KeyError> {
    let (mut row, mut stored, digest) = find(keys, id).await?;
    let (before, former_name) = (stored.clone(), shown_name(&row, &stored).to_owned());
    manager.reach(id, &former_name)?;
    // Also what is so already: the one who asks may have had no answer before.
    let restricts = change.restricts();
    let renamed = change.name.as_ref().is_some_and(|name| name.as_str() != former_name);
    if let Some(name) = change.name {
        manager.reach_name(name.as_str())?;
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
    let opens = manager::manages(Some(&before), &stored.scopes);
    stored.manages = *opens.as_ref().unwrap_or(&true);
    stored.expires_at = change.expires_at.unwrap_or(stored.expires_at);
    stored.enabled = change.enabled.unwrap_or(stored.enabled);
    stored.rate_limit = change.rate_limit.unwrap_or(stored.rate_limit);
    stored.allowed_networks = change.networks.unwrap_or(stored.allowed_networks);
    manager.change(&before, &stored, renamed)?;
    // Only for who may give it, since it says what to do first.
    opens?;
    save(keys, &mut row, &stored, now).await?;
    let takes_away = !manager::is_no_wider(&stored, &before)
        || (restricts && (!stored.enabled || manager::is_no_wider(&before, &stored)));
    Ok(Updated { key: to_key(row, stored, digest), former_name, takes_away })
}

/// Puts another key in the place of the one with this id, which works for `grace` longer.
/// A key that was replaced before is refused from now on. Also: whether one is refused that was
/// accepted until now.
pub async fn rotate(
    keys: &mut KeyRows,
    manager: &Manager,
    id: &str,
    new: NewDigest,
    grace: Duration,
    now: OffsetDateTime,
) -> Result<(StoredKey, Replaced, bool), KeyError> {
    let (mut row, mut stored, old) = find(keys, id).await?;
    manager.reach(id, shown_name(&row, &stored))?;
    manager.give(&stored)?;
    let replaced = Replaced { row: row.clone(), stored: stored.clone(), by: new.digest };
    if stored.expires_at.is_some_and(|expiry| expiry <= now) {
        return Err(KeyRefusal::Expired.into());
    }
    let (prefix, hash) = (stored.key_prefix, old.to_hex());
    let takes_away = grace.is_zero() || stored.former.is_some();
    stored.former = (!grace.is_zero()).then(|| Former { prefix, hash, ends_at: now + grace });
    (stored.key_prefix, stored.key_hash) = (new.prefix, new.digest.to_hex());
    save(keys, &mut row, &stored, now).await?;
    settings::start_overlap(keys.transaction(), RowType::ApiKey, id).await?;
    row.former_last_used_at = row.last_used_at.take();
    row.last_used_address = None;
    Ok((to_key(row, stored, new.digest), replaced, takes_away))
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
    let KeyJson { key_prefix, key_hash, former, .. } = former;
    stored = KeyJson { key_prefix, key_hash, former, ..stored };
    save(keys, &mut row, &stored, now).await?;
    settings::set_last_uses(keys.transaction(), RowType::ApiKey, &before).await?;
    (row.last_used_at, row.last_used_address) = (before.last_used_at, before.last_used_address);
    row.former_last_used_at = before.former_last_used_at;
    let (_, digest) = parse(&before.value).map_err(|_| KeyRefusal::Unreadable)?;
    Ok(to_key(row, stored, digest))
}

/// Refuses from now on the key that this one replaced.
pub async fn end_overlap(
    keys: &mut KeyRows,
    manager: &Manager,
    id: &str,
    now: OffsetDateTime,
) -> Result<StoredKey, KeyError> {
    let (mut row, mut stored, digest) = find(keys, id).await?;
    manager.reach(id, shown_name(&row, &stored))?;
    let overlap = to_key(row.clone(), stored.clone(), digest).record.overlap;
    overlap.filter(|overlap| overlap.ends_at > now).ok_or(KeyRefusal::NoOverlap)?;
    stored.former = None;
    save(keys, &mut row, &stored, now).await?;
    Ok(to_key(row, stored, digest))
}

async fn find(keys: &KeyRows, id: &str) -> Result<(Model, KeyJson, KeyDigest), KeyError> {
    let found = settings::find(keys.transaction(), RowType::ApiKey, id).await?;
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
    stored: &KeyJson,
    now: OffsetDateTime,
) -> Result<(), KeyError> {
    let before = parse(&row.value).ok();
    keys.mark(withdrawn::marks(before.as_ref().map(|(before, _)| before), Some(stored)));
    row.value = to_json(stored);
    let changed = keys.update(row, now).await.map_err(|error| taken_or_failed(error, &row.key))?;
    if changed == 0 { Err(KeyRefusal::NotFound.into()) } else { Ok(()) }
}

/// Deletes the key with this id and tells its name; a row of another type is not a key.
pub async fn delete(keys: &mut KeyRows, manager: &Manager, id: &str) -> Result<String, KeyError> {
    let found = settings::find(keys.transaction(), RowType::ApiKey, id).await?;
    let found = found.ok_or(KeyRefusal::NotFound)?;
    let name = record(&read(keys.rows(), found.clone())).name.clone();
    manager.reach(id, &name)?;
    if let FoundRow::Whole(row) = &found
        && keys.is_ours(row)
        && let Ok((before, _)) = parse(&row.value)
    {
        keys.mark(withdrawn::marks(Some(&before), None));
    }
    if keys.delete(&found).await? == 0 {
        return Err(KeyRefusal::NotFound.into());
    }
    Ok(name)
}

fn shown_name<'a>(row: &'a Model, stored: &'a KeyJson) -> &'a str {
    stored.name.as_deref().unwrap_or(&row.key)
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
