//! Queries on secrets.

use keyward_api::secrets::Secret;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use super::entity::{ActiveModel, Column, Entity, Model};
use crate::database::names::{Names, in_bytes};

/// What the list shows: the sealed value is not even read.
#[derive(FromQueryResult)]
struct Listed {
    id: String,
    key: String,
    description: Option<String>,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<Listed> for Secret {
    fn from(listed: Listed) -> Self {
        let Listed { id, key, description, created_by, created_at, updated_at } = listed;
        Self { id, key, description, created_at, updated_at, created_by }
    }
}

/// Secrets without their values, by key, and how many there are: see [`Vault::list`].
///
/// [`Vault::list`]: super::vault::Vault::list
pub async fn list(
    db: &impl ConnectionTrait,
    names: &Names,
    patterns: Option<&[&str]>,
) -> Result<(Vec<Secret>, u64), DbErr> {
    let columns = [
        Column::Id,
        Column::Key,
        Column::Description,
        Column::CreatedBy,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    let (backend, key) = (db.get_database_backend(), Expr::col(Column::Key));
    let matching = names.matching(&key, patterns);
    let total = Entity::find().filter(matching.clone()).count(db).await?;
    let listed = Entity::find()
        .select_only()
        .columns(columns)
        .filter(matching.add(names.rest(&key, backend)))
        .order_by(in_bytes(key, backend), Order::Asc)
        .limit(names.limit + 1)
        .into_model::<Listed>()
        .all(db)
        .await?;
    Ok((listed.into_iter().map(Secret::from).collect(), total))
}

/// How many secrets there are.
pub async fn number(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Entity::find().count(db).await
}

pub async fn find(db: &impl ConnectionTrait, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Key.eq(key)).one(db).await
}

/// The secret with this key, and nobody else may change it until the transaction ends.
pub async fn lock(transaction: &DatabaseTransaction, key: &str) -> Result<Option<Model>, DbErr> {
    Entity::find().filter(Column::Key.eq(key)).lock_exclusive().one(transaction).await
}

/// Adds a secret. Fails when its key is taken.
pub async fn insert(db: &impl ConnectionTrait, row: Model) -> Result<(), DbErr> {
    let row = ActiveModel::from(row).reset_all();
    Entity::insert(row).exec_without_returning(db).await.map(drop)
}

pub async fn update(transaction: &DatabaseTransaction, row: Model) -> Result<(), DbErr> {
    let row = ActiveModel::from(row).reset_all();
    Entity::update(row).exec(transaction).await.map(drop)
}

/// Deletes the secret with this id; the number of rows deleted.
pub async fn delete(db: &impl ConnectionTrait, id: &str) -> Result<u64, DbErr> {
    Ok(Entity::delete_by_id(id).exec(db).await?.rows_affected)
}
