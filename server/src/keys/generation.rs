//! The generation of the keys: a number that every change raises in its transaction. Which key
//! each of the last changes was about is kept beside it, so that other processes read those
//! keys and not all of them.

use keyward_core::lease::Generation;
use keyward_core::row::RowKey;
use keyward_core::set::{SetName, SetState};
use rand::TryRng;
use rand::rngs::SysRng;
use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entity::change;
use crate::authenticity::store as sets;
use crate::database::{DatabaseConnection, StoreError, begin_write};

/// So many changes are remembered: what a process that misses them for minutes can follow
/// without reading all keys, in a table of a few MB.
pub const REMEMBERED: i64 = 65_536;

/// Stores the set of the keys as it is after a change, in the transaction of the change, and
/// remembers what the change was about, under a mark of its own.
pub(crate) async fn raise(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    after: &SetState,
    changed: &str,
) -> Result<Generation, StoreError> {
    let mut random = [0; 8];
    SysRng.try_fill_bytes(&mut random)?;
    let mark = i64::from_le_bytes(random);
    sets::put(transaction, SetName::Keys, rows, *after).await?;
    // What somebody else put there must not stop a revocation.
    let not_ours = change::Entity::delete_many().filter(change::Column::N.gte(after.n));
    not_ours.exec(transaction).await?;
    let change =
        change::ActiveModel { n: Set(after.n), key_id: Set(changed.to_owned()), mark: Set(mark) };
    change::Entity::insert(change).exec_without_returning(transaction).await?;
    let forgotten =
        change::Entity::delete_many().filter(change::Column::N.lte(after.n - REMEMBERED));
    forgotten.exec(transaction).await?;
    Ok(Generation { n: after.n, mark })
}

/// Writes a change that is about no key, takes it away again and commits: fails when the store
/// takes no writes. A row that is written as it is would not do, since SQLite leaves it out.
pub async fn try_write(db: &DatabaseConnection) -> Result<(), DbErr> {
    const BEFORE_ALL: i64 = 0;
    let transaction = begin_write(db).await?;
    let change =
        change::ActiveModel { n: Set(BEFORE_ALL), key_id: Set(String::new()), mark: Set(0) };
    change::Entity::insert(change).exec_without_returning(&transaction).await?;
    change::Entity::delete_by_id(BEFORE_ALL).exec(&transaction).await?;
    transaction.commit().await
}

/// The newest generation of which a change is remembered.
pub async fn newest_change(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let newest = change::Entity::find().order_by_desc(change::Column::N).one(db).await?;
    Ok(newest.map_or(0, |change| change.n))
}

/// The ids of the keys that were changed after the generation `before`, up to and with `now`,
/// each once. `None`: not all of those changes are remembered.
pub async fn changed_between(
    db: &impl ConnectionTrait,
    before: i64,
    now: i64,
) -> Result<Option<Vec<String>>, DbErr> {
    if now.checked_sub(before).is_none_or(|number| !(0..=REMEMBERED).contains(&number)) {
        return Ok(None);
    }
    let mut ids: Vec<String> = change::Entity::find()
        .select_only()
        .column(change::Column::KeyId)
        .filter(change::Column::N.gt(before))
        .filter(change::Column::N.lte(now))
        .order_by_asc(change::Column::N)
        .into_tuple()
        .all(db)
        .await?;
    let is_whole = i64::try_from(ids.len()).is_ok_and(|number| number == now - before);
    ids.sort_unstable();
    ids.dedup();
    Ok(is_whole.then_some(ids))
}
