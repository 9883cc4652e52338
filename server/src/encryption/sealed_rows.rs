//! Queries on sealed values, the same for every column of the registry.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetable, Value};

use super::columns::{NamedRow, SealedColumn, SealedRow};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    pub sealed: u64,
}

impl SealedColumn {
    pub async fn count(&self, db: &impl ConnectionTrait) -> Result<Counts, DbErr> {
        let table = self.table;
        let sql = format!("SELECT COUNT(*) AS total, COUNT(key_id) AS sealed FROM {table}");
        let row = one(db, sql, vec![]).await?;
        let number = |name| Ok::<_, DbErr>(get::<i64>(row.as_ref(), name)?.unwrap_or(0));
        let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(Counts { total: unsigned(number("total")?), sealed: unsigned(number("sealed")?) })
    }

    /// How many values are not under the key `key_id`.
    pub async fn count_elsewhere(
        &self,
        db: &impl ConnectionTrait,
        key_id: &str,
    ) -> Result<i64, DbErr> {
        let sql = format!(
            "SELECT COUNT(*) AS n FROM {} WHERE key_id IS NULL OR key_id <> $1",
            self.table
        );
        let row = one(db, sql, vec![key_id.into()]).await?;
        Ok(get(row.as_ref(), "n")?.unwrap_or(0))
    }

    /// The next rows after the one with the id `after`, in the order of their ids.
    pub async fn after(
        &self,
        db: &impl ConnectionTrait,
        after: &str,
        limit: u64,
    ) -> Result<Vec<SealedRow>, DbErr> {
        let (table, what) = (self.table, self.selected());
        let sql = format!("SELECT {what} FROM {table} WHERE id > $1 ORDER BY id LIMIT {limit}");
        self.all(db, sql, vec![after.into()]).await
    }

    pub async fn oldest_legacy(
        &self,
        db: &impl ConnectionTrait,
        limit: u64,
    ) -> Result<Vec<SealedRow>, DbErr> {
        if !self.has_iv {
            return Ok(Vec::new());
        }
        let (table, what) = (self.table, self.selected());
        let sql = format!(
            "SELECT {what} FROM {table} WHERE key_id IS NULL ORDER BY created_at, id LIMIT {limit}"
        );
        self.all(db, sql, vec![]).await
    }

    /// A row that is said to be sealed under a key that is not in `encryption_keys`.
    pub async fn under_unknown_key(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<Option<NamedRow>, DbErr> {
        let sql = format!(
            "SELECT {label} AS label, key_id FROM {table} WHERE key_id IS NOT NULL AND NOT EXISTS \
             (SELECT 1 FROM encryption_keys k WHERE k.id = {table}.key_id AND k.purpose = 'data') \
             ORDER BY created_at, id LIMIT 1",
            label = self.label,
            table = self.table,
        );
        let Some(row) = one(db, sql, vec![]).await? else { return Ok(None) };
        let label: String = row.try_get("", "label")?;
        Ok(Some(NamedRow { row: self.name(&label), key_id: row.try_get("", "key_id")? }))
    }

    /// Replaces the values of these rows by values under the key `key_id`; the number of
    /// rows changed.
    pub async fn replace(
        &self,
        db: &impl ConnectionTrait,
        key_id: &str,
        rows: Vec<(String, Vec<u8>)>,
    ) -> Result<u64, DbErr> {
        let (table, column) = (self.table, self.column);
        // What is sealed from now on binds the name of its row.
        let iv = if self.has_iv { ", iv = NULL, mac = NULL" } else { "" };
        // Places with a name are found by SQLite one by one, each after all before it.
        let is_sqlite = db.get_database_backend() == DbBackend::Sqlite;
        let place = |n: usize| if is_sqlite { "?".to_owned() } else { format!("${n}") };
        let pair = |i: usize| format!("({}, {})", place(2 * i + 2), place(2 * i + 3));
        let pairs = (0..rows.len()).map(pair).collect::<Vec<_>>().join(", ");
        let first = place(1);
        // Both databases call the columns of VALUES column1, column2.
        let sql = format!(
            "UPDATE {table} SET {column} = v.column2, key_id = {first}{iv} \
             FROM (VALUES {pairs}) AS v WHERE {table}.id = v.column1"
        );
        let pairs = rows.into_iter().flat_map(|(id, sealed)| [id.into(), sealed.into()]);
        let values = std::iter::once(Value::from(key_id)).chain(pairs);
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        Ok(db.execute_raw(statement).await?.rows_affected())
    }

    fn selected(&self) -> String {
        let iv = if self.has_iv { "iv, mac" } else { "NULL AS iv, NULL AS mac" };
        let bound = self.bound.iter().zip(BOUND).map(|(what, name)| format!(", {what} AS {name}"));
        let bound: String = bound.collect();
        format!("id, {} AS label, key_id, {iv}, {} AS sealed{bound}", self.label, self.column)
    }

    fn read(&self, row: &QueryResult) -> Result<SealedRow, DbErr> {
        let bound = self.bound.iter().zip(BOUND).map(|(_, name)| row.try_get("", name));
        Ok(SealedRow {
            id: row.try_get("", "id")?,
            label: row.try_get("", "label")?,
            bound: bound.collect::<Result<_, _>>()?,
            key_id: row.try_get("", "key_id")?,
            iv: row.try_get("", "iv")?,
            mac: row.try_get("", "mac")?,
            sealed: row.try_get("", "sealed")?,
        })
    }

    async fn all(
        &self,
        db: &impl ConnectionTrait,
        sql: String,
        values: Vec<Value>,
    ) -> Result<Vec<SealedRow>, DbErr> {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        let rows = db.query_all_raw(statement).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }
}

/// The names of what a value is bound to, in the result of a query.
const BOUND: [&str; 3] = ["bound_0", "bound_1", "bound_2"];

async fn one(
    db: &impl ConnectionTrait,
    sql: String,
    values: Vec<Value>,
) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await
}

fn get<T: TryGetable>(row: Option<&QueryResult>, name: &str) -> Result<Option<T>, DbErr> {
    row.map(|row| row.try_get("", name)).transpose()
}
