//! The generation of the keys: a number that every change raises in its transaction. Which key
//! each of the last changes was about is kept beside it, so that other processes read those
//! keys and not all of them.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entity::{change, generation};
use crate::database::{DatabaseConnection, begin_write};

/// The id of the row of the API keys in `generation`.
const ROW: i16 = 1;

/// So many changes are remembered: what a process that misses them for minutes can follow
/// without reading all keys, in a table of a few MB.
pub const REMEMBERED: i64 = 65_536;

/// The generation now.
pub async fn current(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    generation::Entity::find_by_id(ROW).one(db).await?.map(|row| row.n).ok_or_else(missing)
}

/// The generation, locked until the transaction ends. A change takes it before it reads
/// anything: changes of all processes take turns, and none overwrites what it did not see.
pub async fn lock(transaction: &DatabaseTransaction) -> Result<i64, DbErr> {
    let row = generation::Entity::find_by_id(ROW).lock_exclusive().one(transaction).await?;
    row.map(|row| row.n).ok_or_else(missing)
}

/// Raises the generation that was locked at `before`, in the transaction of the change of the
/// key with this id; the generation from then on.
pub async fn raise(
    transaction: &DatabaseTransaction,
    before: i64,
    changed: &str,
) -> Result<i64, DbErr> {
    let n = before + 1;
    let row = generation::ActiveModel { id: Set(ROW), n: Set(n), ..Default::default() };
    generation::Entity::update(row).exec(transaction).await?;
    let change = change::ActiveModel { n: Set(n), key_id: Set(changed.to_owned()) };
    change::Entity::insert(change).exec_without_returning(transaction).await?;
    let forgotten = change::Entity::delete_many().filter(change::Column::N.lte(n - REMEMBERED));
    forgotten.exec(transaction).await?;
    Ok(n)
}

/// Writes a change that is about no key, takes it away again and commits: fails when the store
/// takes no writes. A row that is written as it is would not do, since SQLite leaves it out.
pub async fn try_write(db: &DatabaseConnection) -> Result<(), DbErr> {
    const BEFORE_ALL: i64 = 0;
    let transaction = begin_write(db).await?;
    let change = change::ActiveModel { n: Set(BEFORE_ALL), key_id: Set(String::new()) };
    change::Entity::insert(change).exec_without_returning(&transaction).await?;
    change::Entity::delete_by_id(BEFORE_ALL).exec(&transaction).await?;
    transaction.commit().await
}

/// The ids of the keys that were changed after the generation `before`, up to and with `now`,
/// each once. `None`: not all of those changes are remembered.
pub async fn changed_between(
    db: &impl ConnectionTrait,
    before: i64,
    now: i64,
) -> Result<Option<Vec<String>>, DbErr> {
    // A generation that went back is another history: a restored backup.
    if before > now || now - before > REMEMBERED {
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

fn missing() -> DbErr {
    DbErr::RecordNotFound("the generation of the keys".to_owned())
}
