//! Where the sums of authenticated sets are stored: each in its row of `generation`.
//!
//! A set is *unsigned* when nothing was ever stored for it: the database was written by a
//! version that did not know of it. Only the start that makes the key for rows may take that
//! for good; anywhere else it means that what was stored was taken away.

use keyward_core::row::RowKey;
use keyward_core::set::{SealedSet, SetName, SetState};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, QueryFilter, Statement,
};

use crate::database::StoreError;
use crate::keys::entity::generation::{Column, Entity, Model};

/// The set as it is now; `None`: unsigned.
pub async fn read(
    db: &impl ConnectionTrait,
    name: SetName,
    key: &RowKey,
) -> Result<Option<SetState>, StoreError> {
    open(name, key, find(db, name, "").await?)
}

/// The generation of a set, which says nothing of its rows; none: its row is gone, or says
/// nothing that could be one.
pub async fn number(db: &impl ConnectionTrait, name: SetName) -> Result<Option<i64>, DbErr> {
    Ok(find(db, name, "").await?.map(|row| row.n))
}

/// The set, locked until the transaction ends; `None`: unsigned. A change takes it before it
/// reads any row of the set.
pub async fn lock(
    transaction: &DatabaseTransaction,
    name: SetName,
    key: &RowKey,
) -> Result<Option<SetState>, StoreError> {
    open(name, key, find(transaction, name, locked(transaction)).await?)
}

/// The generation of a set, no matter who stored it, locked until the transaction ends: a set that
/// is signed again goes on from there.
pub async fn generation(transaction: &DatabaseTransaction, name: SetName) -> Result<i64, DbErr> {
    Ok(find(transaction, name, locked(transaction)).await?.map_or(0, |row| row.n))
}

fn locked(transaction: &DatabaseTransaction) -> &'static str {
    match ConnectionTrait::get_database_backend(transaction) {
        DbBackend::Postgres => " FOR UPDATE",
        _ => "",
    }
}

/// The row of a set. One whose columns hold something else than they should is none.
async fn find(
    db: &impl ConnectionTrait,
    name: SetName,
    lock: &str,
) -> Result<Option<Model>, DbErr> {
    let sql = format!("SELECT id, n, count, sum, mac FROM generation WHERE id = $1{lock}");
    let values = [name.id().into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let row = db.query_one_raw(find).await?;
    Ok(row.and_then(|row| Model::from_query_result(&row, "").ok()))
}

/// Like [`read`]; a set that is unsigned is altered.
pub async fn read_signed(
    db: &impl ConnectionTrait,
    name: SetName,
    key: &RowKey,
) -> Result<SetState, StoreError> {
    read(db, name, key).await?.ok_or(StoreError::Altered(name))
}

/// Like [`lock`]; a set that is unsigned is altered.
pub async fn lock_signed(
    transaction: &DatabaseTransaction,
    name: SetName,
    key: &RowKey,
) -> Result<SetState, StoreError> {
    lock(transaction, name, key).await?.ok_or(StoreError::Altered(name))
}

/// Stores a set that was locked before, or that is signed for the first time.
pub async fn put(
    transaction: &DatabaseTransaction,
    name: SetName,
    key: &RowKey,
    state: SetState,
) -> Result<(), DbErr> {
    let SealedSet { n, count, sum, mac } = key.seal_set(name, &state);
    let update = Entity::update_many()
        .col_expr(Column::N, Expr::value(n))
        .col_expr(Column::Count, Expr::value(count))
        .col_expr(Column::Sum, Expr::value(sum.to_vec()))
        .col_expr(Column::Mac, Expr::value(mac.to_vec()))
        .filter(Column::Id.eq(name.id()));
    if update.exec(transaction).await?.rows_affected == 1 {
        return Ok(());
    }
    // Somebody took the row out, and somebody accepts what is stored.
    let (count, sum, mac) = (Some(count), Some(sum.to_vec()), Some(mac.to_vec()));
    let row = Model { id: name.id(), n, count, sum, mac }.into_active_model();
    Entity::insert(row).exec_without_returning(transaction).await.map(drop)
}

fn open(name: SetName, key: &RowKey, row: Option<Model>) -> Result<Option<SetState>, StoreError> {
    match row {
        Some(Model { count: None, sum: None, mac: None, .. }) => Ok(None),
        Some(Model { n, count: Some(count), sum: Some(sum), mac: Some(mac), .. }) => {
            key.open_set(name, n, count, &sum, &mac).map(Some).ok_or(StoreError::Altered(name))
        }
        // A part of it, or not even the row that a migration made.
        Some(_) | None => Err(StoreError::Altered(name)),
    }
}
