//! Queries on the keys: rows of the settings table with `type = 'api_key'`, `key` = the
//! name, `value` = JSON ([`super::row`]), and the time of the last use in its own column.

use std::collections::HashMap;
use std::net::IpAddr;

use futures_util::{Stream, StreamExt};
use keyward_core::digest::KeyDigest;
use keyward_core::row::{Authenticated, RowKey, RowMac};
use keyward_core::set::Sum;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use time::OffsetDateTime;

use super::row::{ReadKey, ReadRow, read, record};
use crate::settings::{self, FoundRow, Model, RowType};

/// All keys one after the other, in the order of their ids, without holding all of them.
pub async fn stream(
    moment: &DatabaseTransaction,
    rows: &RowKey,
) -> Result<impl Stream<Item = Result<ReadRow, DbErr>>, DbErr> {
    let rows = rows.clone();
    let found = settings::stream(moment, RowType::ApiKey).await?;
    Ok(found.map(move |row| Ok(ReadRow::of(&rows, row?))))
}

/// The keys with these ids, in no order.
pub async fn find_many<'a>(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<Vec<ReadRow>, DbErr> {
    let found = settings::find_many(db, RowType::ApiKey, ids).await?;
    Ok(found.into_iter().map(|row| ReadRow::of(rows, row)).collect())
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
    let found = settings::find_many(db, RowType::ApiKey, ids).await?;
    let keys = found.into_iter().map(|row| read(rows, row));
    Ok(keys.map(|key| (record(&key).id.clone(), key)).collect())
}

/// The latest uses from `since` on, at most `limit`: the ids of the keys, and when.
pub async fn used_since(
    db: &impl ConnectionTrait,
    since: OffsetDateTime,
    limit: u64,
) -> Result<Vec<(String, OffsetDateTime)>, DbErr> {
    settings::used_since(db, RowType::ApiKey, since, limit).await
}

/// Remembers that the key with this digest was used: as the last use of the key with this id,
/// or of the one that it replaced, whichever has the digest now.
pub async fn record_use(
    db: &impl ConnectionTrait,
    id: &str,
    digest: &KeyDigest,
    at: OffsetDateTime,
    address: Option<IpAddr>,
) -> Result<(), DbErr> {
    let hash = digest.to_hex();
    let as_former = format!("\"hash\":\"{hash}\"");
    let address = address.map(|address| address.to_string());
    settings::record_use(db, RowType::ApiKey, id, (at, address), [&hash, &as_former]).await
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
    Ok(settings::find(db, RowType::ApiKey, id).await?.map(|row| read(rows, row)))
}

/// The row with this name in its column, and those of the older layout, which may show it.
pub(super) async fn rows_that_may_show(
    db: &impl ConnectionTrait,
    name: &str,
) -> Result<Vec<FoundRow>, DbErr> {
    let mut rows = settings::named_in_value(db, RowType::ApiKey).await?;
    rows.extend(settings::found_by_key(db, RowType::ApiKey, name).await?);
    Ok(rows)
}
