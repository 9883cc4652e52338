//! Queries on the keys of providers and models.

use std::collections::HashMap;

use keyward_api::providers::{ModelCredential, Provider, model_id};
use keyward_core::row::{Authenticated, Columns, RowKey};
use sea_orm::sea_query::{Expr, Func, OnConflict, Query, SelectStatement, UnionType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, Order, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Statement,
    Value,
};
use time::OffsetDateTime;

use super::entity::{model, provider};
use crate::database::StoreError;
use crate::database::names::{Names, in_bytes};
use crate::encryption::columns::{SealedRow, Subject};

/// What the list shows of a provider: the sealed key is not even read.
#[derive(FromQueryResult)]
struct ListedProvider {
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
struct ListedModel {
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

#[derive(Clone, Debug)]
pub struct Candidate {
    pub sealed: SealedRow,
    /// Its last characters.
    pub hint: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Candidates {
    pub model: Option<Candidate>,
    pub provider: Option<Candidate>,
    /// Where the provider is reached.
    pub base_url: Option<String>,
    /// A row of these that was changed outside of Keyward, by its id: nothing is given out.
    pub altered: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Lookup {
    pub provider: String,
    pub model: Option<String>,
}

/// For each lookup, both keys as they are at one moment: two statements could see the one
/// before and the other after a change, and find none where there always was one.
pub async fn candidates(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    lookups: &[Lookup],
) -> Result<Vec<Result<Candidates, StoreError>>, StoreError> {
    let of_models: Vec<Option<String>> = lookups
        .iter()
        .map(|Lookup { provider, model }| Some(model_id(provider, model.as_deref()?)))
        .collect();
    // A few forms of the statement serve any number, so that each is prepared once.
    let number = lookups.len().next_power_of_two();
    let padded = |ids: Vec<&str>| {
        let none = std::iter::repeat(Value::from(""));
        ids.into_iter().map(Value::from).chain(none).take(number).collect::<Vec<_>>()
    };
    let places = |from: usize| {
        let places: Vec<_> = (from..from + number).map(|n| format!("${n}")).collect();
        places.join(", ")
    };
    let sql = format!(
        "SELECT 0 AS of_model, id, id AS provider, '' AS model, encrypted_value, key_id, hint, \
         base_url, note, created_by, created_at, updated_at, mac \
         FROM provider_credentials WHERE id IN ({}) UNION ALL \
         SELECT 1 AS of_model, id, provider, model, encrypted_value, key_id, hint, \
         NULL AS base_url, NULL AS note, created_by, created_at, updated_at, mac \
         FROM model_credentials WHERE id IN ({})",
        places(1),
        places(1 + number),
    );
    let mut values = padded(lookups.iter().map(|lookup| lookup.provider.as_str()).collect());
    values.extend(padded(of_models.iter().flatten().map(String::as_str).collect()));
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let mut found: HashMap<(bool, String), Result<Found, DbErr>> = HashMap::new();
    for row in db.query_all_raw(statement).await? {
        let (of_model, id): (i32, String) = (row.try_get("", "of_model")?, row.try_get("", "id")?);
        let read = Found::read(rows, &row, &id, of_model == 1);
        found.insert((of_model == 1, id), read);
    }
    let of = |place: (bool, String)| found.get(&place).cloned().transpose();
    let one = |(lookup, of_model): (&Lookup, Option<String>)| {
        let model = of_model.map(|id| of((true, id))).transpose()?.flatten();
        let provider = of((false, lookup.provider.clone()))?;
        let base_url = provider.as_ref().and_then(|found| found.base_url.clone());
        let altered = model.iter().chain(&provider).find(|found| !found.is_ours);
        let altered = altered.map(|found| found.candidate.sealed.id.clone());
        let key = |found: Found| found.candidate;
        Ok(Candidates { model: model.map(key), provider: provider.map(key), base_url, altered })
    };
    Ok(lookups.iter().zip(of_models).map(one).collect())
}

#[derive(Clone)]
struct Found {
    candidate: Candidate,
    base_url: Option<String>,
    is_ours: bool,
}

impl Found {
    fn read(rows: &RowKey, row: &QueryResult, id: &str, of_model: bool) -> Result<Self, DbErr> {
        let (provider, model): (String, String) =
            (row.try_get("", "provider")?, row.try_get("", "model")?);
        let base_url: Option<String> = row.try_get("", "base_url")?;
        let subject = if of_model {
            Subject::model(id, &provider, &model)
        } else {
            Subject::provider(id, base_url.as_deref())
        };
        let sealed = SealedRow {
            id: id.to_owned(),
            label: id.to_owned(),
            bound: subject.bound(),
            key_id: Some(row.try_get("", "key_id")?),
            iv: None,
            mac: None,
            sealed: row.try_get("", "encrypted_value")?,
        };
        let candidate = Candidate { sealed, hint: row.try_get("", "hint")? };
        let is_ours = if of_model {
            rows.is_ours(&ListedModel::from_query_result(row, "")?)
        } else {
            rows.is_ours(&ListedProvider::from_query_result(row, "")?)
        };
        Ok(Self { candidate, base_url, is_ours })
    }
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
