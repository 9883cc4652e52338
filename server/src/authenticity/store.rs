//! Where the sums of authenticated sets are stored: each in its row of `generation`.
//!
//! A set is *unsigned* when nothing was ever stored for it: the database was written by a
//! version that did not know of it. Only the start that makes the key for rows may take that
//! for good; anywhere else it means that what was stored was taken away.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect,
};

use super::row::RowKey;
use super::set::{SealedSet, SetName, SetState};
use crate::keys::entity::generation::{Column, Entity, Model};

/// Why the sum of a set was not read.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// What is stored was not stored by who has the key for rows.
    #[error("the sum of the {} was altered in the table generation", .0.rows())]
    Altered(SetName),
}

impl SetName {
    /// What is in it, for a sentence.
    pub fn rows(self) -> &'static str {
        match self {
            Self::Keys => "API keys",
            Self::Vault => "wrapped keys",
            Self::People => "users and sessions",
        }
    }

    /// The id of its row in the table `generation`.
    fn id(self) -> i16 {
        self as i16
    }
}

/// The set as it is now; `None`: unsigned.
pub async fn read(
    db: &impl ConnectionTrait,
    name: SetName,
    key: &RowKey,
) -> Result<Option<SetState>, SetError> {
    open(name, key, Entity::find_by_id(name.id()).one(db).await?)
}

/// The set, locked until the transaction ends; `None`: unsigned. A change takes it before it
/// reads any row of the set.
pub async fn lock(
    transaction: &DatabaseTransaction,
    name: SetName,
    key: &RowKey,
) -> Result<Option<SetState>, SetError> {
    let row = Entity::find_by_id(name.id()).lock_exclusive().one(transaction).await?;
    open(name, key, row)
}

/// The generation of a set, whoever stored it, locked until the transaction ends: a set that is
/// signed anew goes on from there.
pub async fn generation(transaction: &DatabaseTransaction, name: SetName) -> Result<i64, DbErr> {
    let row = Entity::find_by_id(name.id()).lock_exclusive().one(transaction).await?;
    row.map(|row| row.n).ok_or_else(|| DbErr::RecordNotFound(format!("the set of {}", name.rows())))
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
    match update.exec(transaction).await?.rows_affected {
        1 => Ok(()),
        _ => Err(DbErr::RecordNotUpdated),
    }
}

fn open(name: SetName, key: &RowKey, row: Option<Model>) -> Result<Option<SetState>, SetError> {
    match row {
        Some(Model { count: None, sum: None, mac: None, .. }) => Ok(None),
        Some(Model { n, count: Some(count), sum: Some(sum), mac: Some(mac), .. }) => {
            key.open_set(name, n, count, &sum, &mac).map(Some).ok_or(SetError::Altered(name))
        }
        // A part of it, or not even the row that a migration made.
        Some(_) | None => Err(SetError::Altered(name)),
    }
}
