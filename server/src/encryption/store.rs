//! Queries on wrapped keys.

use keyward_api::encryption::DataKeyState;
use sea_orm::sea_query::{Expr, LockType, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use time::OffsetDateTime;

use super::entity::{ActiveModel, Column, Entity, Model};
use crate::encryption::wrapped_key::Purpose;

/// All keys, newest first.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Model>, DbErr> {
    Entity::find().order_by_desc(Column::Version).all(db).await
}

pub async fn find(
    db: &impl ConnectionTrait,
    purpose: Purpose,
    id: &str,
) -> Result<Option<Model>, DbErr> {
    let guard = Column::Purpose.eq(purpose.as_str());
    Entity::find_by_id(id).filter(guard).one(db).await
}

/// The newest data key, which is the active one, if nobody meddled: see
/// [`Keyring`](super::Keyring).
pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Model>, DbErr> {
    newest_first().one(db).await
}

/// The highest version of the keys for this purpose.
pub async fn newest_version(
    db: &impl ConnectionTrait,
    purpose: Purpose,
) -> Result<Option<i32>, DbErr> {
    let keys = Entity::find().filter(Column::Purpose.eq(purpose.as_str()));
    Ok(keys.order_by_desc(Column::Version).one(db).await?.map(|key| key.version))
}

/// The newest data key, which stays so until the transaction ends. With a lock that is shared, a
/// rotation waits for everybody who holds it, and they for a rotation; with one that is not,
/// nobody else writes values meanwhile. (On SQLite, every writer is alone.)
pub(super) async fn hold_newest(
    transaction: &DatabaseTransaction,
    lock: LockType,
) -> Result<Option<Model>, DbErr> {
    let mut held = None;
    // Who waited for a rotation has the row that is no longer active; the next look sees the new
    // one. Several times, since another rotation may have begun by then.
    for _ in 0..10 {
        held = newest_first().lock(lock).one(transaction).await?;
        if held.as_ref().is_none_or(|key| key.state() == DataKeyState::Active) {
            break;
        }
    }
    Ok(held)
}

fn newest_first() -> Select<Entity> {
    Entity::find().filter(is_data()).order_by_desc(Column::Version).limit(1)
}

fn is_data() -> SimpleExpr {
    Column::Purpose.eq(Purpose::Data.as_str())
}

pub(super) async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let row = ActiveModel::from(row).reset_all();
    Entity::insert(row).exec_without_returning(db).await.map(drop)
}

/// Retires an active data key; the number of rows changed.
pub(super) async fn retire(
    db: &impl ConnectionTrait,
    id: &str,
    now: OffsetDateTime,
) -> Result<u64, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::State, Expr::value(DataKeyState::Retired.as_str()))
        .col_expr(Column::RetiredAt, Expr::value(now))
        .filter(is_data())
        .filter(Column::State.eq(DataKeyState::Active.as_str()))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}

/// Erases the retired data keys. No value may be under them any more. Rows that are erased already
/// stay as they are: a writer that waited for an earlier rotation may hold one of them, and waits
/// for the newest key, which this transaction holds.
pub(super) async fn erase_retired(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    let erase = Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(Vec::<u8>::new()))
        .filter(is_data())
        .filter(Column::State.eq(DataKeyState::Retired.as_str()))
        .filter(Column::Wrapped.ne(Vec::<u8>::new()));
    erase.exec(transaction).await.map(drop)
}

/// Stores the same key, wrapped again; the number of rows changed.
pub(super) async fn rewrap(db: &impl ConnectionTrait, row: Model) -> Result<u64, DbErr> {
    let result = Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(row.wrapped))
        .col_expr(Column::KekId, Expr::value(row.kek_id))
        .col_expr(Column::State, Expr::value(row.state))
        .col_expr(Column::RetiredAt, Expr::value(row.retired_at))
        .filter(Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(result.rows_affected)
}
