//! Queries on the keys of providers and models.

use keyward_api::providers::{ModelCredential, Provider, model_id};
use keyward_core::row::{Authenticated, Columns, RowKey};
use sea_orm::sea_query::{Expr, Func, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, Select,
};
use time::OffsetDateTime;

use super::entity::{model, provider};
use crate::database::names::{Names, in_bytes};

/// What the list shows of a provider: the sealed key is not even read.
#[derive(FromQueryResult)]
pub(super) struct ListedProvider {
    id: String,
    hint: Option<String>,
    base_url: Option<String>,
    note: Option<String>,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    mac: Option<Vec<u8>>,
}

impl Authenticated for ListedProvider {
    const TABLE: &'static str = provider::Model::TABLE;

    fn write(&self, columns: &mut Columns) {
        columns.put(&self.id);
        columns.put_or_none(self.hint.as_ref());
        columns.put_or_none(self.base_url.as_ref());
        columns.put_or_none(self.note.as_ref());
        columns.put_or_none(self.created_by.as_ref());
        columns.put_time(self.created_at);
        columns.put_time(self.updated_at);
    }

    fn mac(&self) -> Option<&[u8]> {
        self.mac.as_deref()
    }
}

#[derive(FromQueryResult)]
pub(super) struct ListedModel {
    id: String,
    provider: String,
    model: String,
    hint: Option<String>,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    mac: Option<Vec<u8>>,
}

impl Authenticated for ListedModel {
    const TABLE: &'static str = model::Model::TABLE;

    fn write(&self, columns: &mut Columns) {
        columns.put(&self.id);
        columns.put(&self.provider);
        columns.put(&self.model);
        columns.put_or_none(self.hint.as_ref());
        columns.put_or_none(self.created_by.as_ref());
        columns.put_time(self.created_at);
        columns.put_time(self.updated_at);
    }

    fn mac(&self) -> Option<&[u8]> {
        self.mac.as_deref()
    }
}

impl ListedProvider {
    fn shown(self, rows: &RowKey) -> Provider {
        let altered = !rows.is_ours(&self);
        let Self { id, hint, base_url, note, created_by, created_at, updated_at, .. } = self;
        Provider {
            provider: id,
            has_key: true,
            hint,
            base_url,
            note,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
            created_by,
            altered,
            models: Vec::new(),
        }
    }
}

impl ListedModel {
    fn shown(self, rows: &RowKey) -> ModelCredential {
        let altered = !rows.is_ours(&self);
        let Self { model, hint, created_by, created_at, updated_at, .. } = self;
        ModelCredential { model, hint, created_at, updated_at, created_by, altered }
    }
}

fn without_key(provider: String) -> Provider {
    Provider {
        provider,
        has_key: false,
        hint: None,
        base_url: None,
        note: None,
        created_at: None,
        updated_at: None,
        created_by: None,
        altered: false,
        models: Vec::new(),
    }
}

fn listed_models() -> Select<model::Entity> {
    use model::Column::{CreatedAt, CreatedBy, Hint, Id, Mac, Model, Provider, UpdatedAt};
    let columns = [Id, Provider, Model, Hint, CreatedBy, CreatedAt, UpdatedAt, Mac];
    model::Entity::find().select_only().columns(columns)
}

/// These providers, by name, with their models and without a value.
async fn listed(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    ids: &[String],
) -> Result<Vec<Provider>, DbErr> {
    use provider::Column as Own;
    let columns = [
        Own::Id,
        Own::Hint,
        Own::BaseUrl,
        Own::Note,
        Own::CreatedBy,
        Own::CreatedAt,
        Own::UpdatedAt,
        Own::Mac,
    ];
    // A few forms of the statement serve any number, so that each is prepared once.
    let none = std::iter::repeat("");
    let ids = ids.iter().map(String::as_str).chain(none).take(ids.len().next_power_of_two());
    let ids: Vec<&str> = ids.collect();
    let providers = provider::Entity::find().select_only().columns(columns);
    let providers = providers.filter(Own::Id.is_in(ids.iter().copied()));
    let models = listed_models().filter(model::Column::Provider.is_in(ids));
    let providers = providers.into_model::<ListedProvider>().all(db).await?;
    let models =
        models.order_by_asc(model::Column::Model).into_model::<ListedModel>().all(db).await?;
    // Sorted here: databases have alphabets of their own.
    let mut all: std::collections::BTreeMap<String, Provider> =
        providers.into_iter().map(|row| (row.id.clone(), row.shown(rows))).collect();
    for row in models {
        let provider = row.provider.clone();
        let entry = all.entry(provider.clone()).or_insert_with(|| without_key(provider));
        entry.models.push(row.shown(rows));
    }
    Ok(all.into_values().collect())
}

/// Providers by name, each with its models, and how many there are: see
/// [`Credentials::list`](super::Credentials::list).
pub async fn list(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    names: &Names,
    patterns: Option<&[&str]>,
) -> Result<(Vec<Provider>, u64), DbErr> {
    let (backend, id) = (db.get_database_backend(), Expr::col("id"));
    let matching = names.matching(&id, patterns);
    let mut count = known();
    count.expr(Func::count(id.clone())).cond_where(matching.clone());
    let total =
        db.query_one(&count).await?.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    let mut page = known();
    page.column("id")
        .cond_where(matching.add(names.rest(&id, backend)))
        .order_by_expr(in_bytes(id, backend), Order::Asc)
        .limit(names.limit + 1);
    let ids = db.query_all(&page).await?;
    let ids = ids.iter().map(|row| row.try_get("", "id")).collect::<Result<Vec<String>, _>>()?;
    Ok((listed(db, rows, &ids).await?, total.and_then(|total| total.try_into().ok()).unwrap_or(0)))
}

/// How many providers there are.
pub async fn number(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let mut count = known();
    count.expr(Func::count(Expr::col("id")));
    let counted = db.query_one(&count).await?;
    let counted = counted.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
    Ok(counted.and_then(|counted| counted.try_into().ok()).unwrap_or(0))
}

/// A query on the names of all providers that have a key, or a model that has one.
fn known() -> SelectStatement {
    let mut models = Query::select();
    models.expr_as(Expr::col(model::Column::Provider), "id").from(model::Entity);
    let mut ids = Query::select();
    ids.column(provider::Column::Id).from(provider::Entity).union(UnionType::Distinct, models);
    let mut known = Query::select();
    known.from_subquery(ids, "known");
    known
}

/// One provider with its models, without their values.
pub async fn find(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    id: &str,
) -> Result<Option<Provider>, DbErr> {
    Ok(listed(db, rows, &[id.to_owned()]).await?.pop())
}

/// Enters a provider or replaces it, which was locked before.
pub async fn put_provider(
    transaction: &DatabaseTransaction,
    row: provider::Model,
) -> Result<(), DbErr> {
    use provider::Column::{BaseUrl, EncryptedValue, Hint, Id, KeyId, Mac, Note, UpdatedAt};
    let columns = [EncryptedValue, KeyId, Hint, BaseUrl, Note, UpdatedAt, Mac];
    let replace = OnConflict::column(Id).update_columns(columns).to_owned();
    let row = provider::ActiveModel::from(row).reset_all();
    let insert = provider::Entity::insert(row).on_conflict(replace);
    insert.exec_without_returning(transaction).await.map(drop)
}

pub async fn update_provider(
    transaction: &DatabaseTransaction,
    row: provider::Model,
) -> Result<(), DbErr> {
    use provider::Column::{BaseUrl, EncryptedValue, Id, KeyId, Mac, Note, UpdatedAt};
    let update = provider::Entity::update_many()
        .col_expr(EncryptedValue, Expr::value(row.encrypted_value))
        .col_expr(KeyId, Expr::value(row.key_id))
        .col_expr(BaseUrl, Expr::value(row.base_url))
        .col_expr(Note, Expr::value(row.note))
        .col_expr(UpdatedAt, Expr::value(row.updated_at))
        .col_expr(Mac, Expr::value(row.mac))
        .filter(Id.eq(row.id));
    update.exec(transaction).await.map(drop)
}

/// The provider, and nobody else may change it until the transaction ends.
pub async fn lock_provider(
    transaction: &DatabaseTransaction,
    id: &str,
) -> Result<Option<provider::Model>, DbErr> {
    provider::Entity::find_by_id(id).lock_exclusive().one(transaction).await
}

/// Deletes a provider with its models; the number of keys deleted.
pub async fn delete_provider(transaction: &DatabaseTransaction, id: &str) -> Result<u64, DbErr> {
    let own = provider::Entity::delete_by_id(id).exec(transaction).await?;
    let models = model::Entity::delete_many().filter(model::Column::Provider.eq(id));
    Ok(own.rows_affected + models.exec(transaction).await?.rows_affected)
}

/// The model of a provider, and nobody else may change it until the transaction ends.
pub async fn lock_model(
    transaction: &DatabaseTransaction,
    id: &str,
) -> Result<Option<model::Model>, DbErr> {
    model::Entity::find_by_id(id).lock_exclusive().one(transaction).await
}

/// Enters the key of a model or replaces it, which was locked before.
pub async fn put_model(transaction: &DatabaseTransaction, row: model::Model) -> Result<(), DbErr> {
    use model::Column::{EncryptedValue, Hint, Id, KeyId, Mac, UpdatedAt};
    let columns = [EncryptedValue, KeyId, Hint, UpdatedAt, Mac];
    let replace = OnConflict::column(Id).update_columns(columns).to_owned();
    let row = model::ActiveModel::from(row).reset_all();
    let insert = model::Entity::insert(row).on_conflict(replace);
    insert.exec_without_returning(transaction).await.map(drop)
}

/// The model of a provider, without its value.
pub async fn find_model(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    provider: &str,
    model: &str,
) -> Result<Option<ModelCredential>, DbErr> {
    let found = listed_models().filter(model::Column::Id.eq(model_id(provider, model)));
    Ok(found.into_model::<ListedModel>().one(db).await?.map(|row| row.shown(rows)))
}

/// Deletes the key of a model; the number of keys deleted.
pub async fn delete_model(
    transaction: &DatabaseTransaction,
    provider: &str,
    model: &str,
) -> Result<u64, DbErr> {
    let delete = model::Entity::delete_by_id(model_id(provider, model));
    Ok(delete.exec(transaction).await?.rows_affected)
}
