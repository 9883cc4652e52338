//! Queries on the keys of providers and models.

use keyward_api::providers::{ModelCredential, Provider};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
};
use time::OffsetDateTime;

use super::entity::{model, model_id, provider};
use crate::encryption::columns::SealedRow;

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
}

/// What the list shows of a model.
#[derive(FromQueryResult)]
struct ListedModel {
    provider: String,
    model: String,
    hint: Option<String>,
    created_by: Option<String>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl From<ListedProvider> for Provider {
    fn from(listed: ListedProvider) -> Self {
        let ListedProvider { id, hint, base_url, note, created_by, created_at, updated_at } =
            listed;
        Self {
            provider: id,
            has_key: true,
            hint,
            base_url,
            note,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
            created_by,
            models: Vec::new(),
        }
    }
}

impl From<ListedModel> for ModelCredential {
    fn from(listed: ListedModel) -> Self {
        let ListedModel { model, hint, created_by, created_at, updated_at, .. } = listed;
        Self { model, hint, created_at, updated_at, created_by }
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
        models: Vec::new(),
    }
}

fn listed_models() -> Select<model::Entity> {
    use model::Column::{CreatedAt, CreatedBy, Hint, Model, Provider, UpdatedAt};
    let columns = [Provider, Model, Hint, CreatedBy, CreatedAt, UpdatedAt];
    model::Entity::find().select_only().columns(columns)
}

/// The providers, or one of them, with their models and without a value.
async fn listed(db: &impl ConnectionTrait, only: Option<&str>) -> Result<Vec<Provider>, DbErr> {
    use provider::Column as Own;
    let columns = [
        Own::Id,
        Own::Hint,
        Own::BaseUrl,
        Own::Note,
        Own::CreatedBy,
        Own::CreatedAt,
        Own::UpdatedAt,
    ];
    let mut providers = provider::Entity::find().select_only().columns(columns);
    let mut models = listed_models();
    if let Some(only) = only {
        providers = providers.filter(Own::Id.eq(only));
        models = models.filter(model::Column::Provider.eq(only));
    }
    let providers = providers.into_model::<ListedProvider>().all(db).await?;
    let models =
        models.order_by_asc(model::Column::Model).into_model::<ListedModel>().all(db).await?;
    // Sorted here: databases have alphabets of their own.
    let mut all: std::collections::BTreeMap<String, Provider> =
        providers.into_iter().map(|row| (row.id.clone(), row.into())).collect();
    for row in models {
        let provider = row.provider.clone();
        let entry = all.entry(provider.clone()).or_insert_with(|| without_key(provider));
        entry.models.push(row.into());
    }
    Ok(all.into_values().collect())
}

/// All providers by name, each with its models, without their values.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Provider>, DbErr> {
    listed(db, None).await
}

/// One provider with its models, without their values.
pub async fn find(db: &impl ConnectionTrait, id: &str) -> Result<Option<Provider>, DbErr> {
    Ok(listed(db, Some(id)).await?.pop())
}

/// A key that may be used.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What is needed to open it.
    pub sealed: SealedRow,
    /// Its last characters.
    pub hint: Option<String>,
}

/// The keys that may be used.
#[derive(Debug, Default)]
pub struct Candidates {
    /// The key of the model.
    pub model: Option<Candidate>,
    /// The key of the provider.
    pub provider: Option<Candidate>,
    /// Where the provider is reached.
    pub base_url: Option<String>,
}

/// Both keys as they are at one moment: two statements could see the one before and the
/// other after a change, and find none where there always was one.
pub async fn candidates(
    db: &impl ConnectionTrait,
    provider: &str,
    model: Option<&str>,
) -> Result<Candidates, DbErr> {
    const OWN: &str = "SELECT 0 AS of_model, id, encrypted_value, key_id, hint, base_url \
                       FROM provider_credentials WHERE id = $1";
    const OF_MODEL: &str = "SELECT 1 AS of_model, id, encrypted_value, key_id, hint, NULL AS base_url \
                            FROM model_credentials WHERE id = $2";
    let (sql, values) = match model {
        Some(model) => {
            let id = model_id(provider, model);
            (format!("{OWN} UNION ALL {OF_MODEL}"), vec![provider.into(), id.into()])
        }
        None => (OWN.to_owned(), vec![provider.into()]),
    };
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let mut candidates = Candidates::default();
    for row in db.query_all_raw(statement).await? {
        let id: String = row.try_get("", "id")?;
        let candidate = Candidate {
            sealed: SealedRow {
                label: id.clone(),
                id,
                key_id: Some(row.try_get("", "key_id")?),
                iv: None,
                sealed: row.try_get("", "encrypted_value")?,
            },
            hint: row.try_get("", "hint")?,
        };
        if row.try_get::<i32>("", "of_model")? == 1 {
            candidates.model = Some(candidate);
        } else {
            candidates.provider = Some(candidate);
            candidates.base_url = row.try_get("", "base_url")?;
        }
    }
    Ok(candidates)
}

/// Enters the key of a provider or replaces it, and these columns with it.
pub async fn put_provider(
    transaction: &DatabaseTransaction,
    row: provider::Model,
    columns: Vec<provider::Column>,
) -> Result<(), DbErr> {
    let replace = OnConflict::column(provider::Column::Id).update_columns(columns).to_owned();
    let row = provider::ActiveModel::from(row).reset_all();
    let insert = provider::Entity::insert(row).on_conflict(replace);
    insert.exec_without_returning(transaction).await.map(drop)
}

/// Changes all of a provider but its key.
pub async fn update_provider(
    transaction: &DatabaseTransaction,
    row: provider::Model,
) -> Result<(), DbErr> {
    use provider::Column::{BaseUrl, Id, Note, UpdatedAt};
    let update = provider::Entity::update_many()
        .col_expr(BaseUrl, Expr::value(row.base_url))
        .col_expr(Note, Expr::value(row.note))
        .col_expr(UpdatedAt, Expr::value(row.updated_at))
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

/// Enters the key of a model or replaces it.
pub async fn put_model(transaction: &DatabaseTransaction, row: model::Model) -> Result<(), DbErr> {
    use model::Column::{EncryptedValue, Hint, Id, KeyId, UpdatedAt};
    let columns = [EncryptedValue, KeyId, Hint, UpdatedAt];
    let replace = OnConflict::column(Id).update_columns(columns).to_owned();
    let row = model::ActiveModel::from(row).reset_all();
    let insert = model::Entity::insert(row).on_conflict(replace);
    insert.exec_without_returning(transaction).await.map(drop)
}

/// The model of a provider, without its value.
pub async fn find_model(
    db: &impl ConnectionTrait,
    provider: &str,
    model: &str,
) -> Result<Option<ModelCredential>, DbErr> {
    let found = listed_models().filter(model::Column::Id.eq(model_id(provider, model)));
    Ok(found.into_model::<ListedModel>().one(db).await?.map(ModelCredential::from))
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
