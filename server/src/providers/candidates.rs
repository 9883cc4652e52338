//! The keys that may be used for many lookups, in one query.

use std::collections::HashMap;

use keyward_api::providers::model_id;
use keyward_core::row::RowKey;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, QueryResult, Statement, Value};

use super::store::{ListedModel, ListedProvider};
use crate::database::StoreError;
use crate::encryption::columns::{SealedRow, Subject};

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
