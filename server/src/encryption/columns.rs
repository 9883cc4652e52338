//! Where sealed values are: the registry that rotation, start and status go by, and their
//! queries. A test fails when the schema has a sealed column that is not listed here.
//!
//! Every table in it has the columns `id`, `key_id` (`NULL` for the older layout),
//! `created_at`, and, where the older layout ever was, `iv` and `mac`.
//!
//! What a value is bound to beside its place, in this order:
//!
//! | value | bound to |
//! |---|---|
//! | secret | its key, by which it is asked for |
//! | key of a provider | provider; base URL; placement, which is empty so far |
//! | key of a model | provider; model |
//!
//! The key of a model is sent to its provider's base URL as well, but that is another row, which
//! changes by itself and need not be there: what guards it is the mac of that row, which is
//! checked whenever it is used.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, TryGetable, Value};

use keyward_core::seal::Place;

/// A column of sealed values.
#[derive(Clone, Copy, Debug)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column with the sealed value.
    pub column: &'static str,
    /// The column by which a person knows the row.
    pub label: &'static str,
    /// Whether the table has the column `iv`, and so may have rows of the older layout. Its
    /// rows whose seal does not bind their name have a mac: see [`super::unbound`].
    pub has_iv: bool,
    /// What a value is bound to, each as an expression of SQL.
    bound: &'static [&'static str],
}

/// The values of third-party secrets.
pub const SECRETS: SealedColumn = SealedColumn {
    table: "secrets",
    column: "encrypted_value",
    label: "key",
    has_iv: true,
    bound: &["key"],
};

/// The keys of providers.
pub const PROVIDERS: SealedColumn = SealedColumn {
    table: "provider_credentials",
    column: "encrypted_value",
    label: "id",
    has_iv: false,
    bound: &["id", "base_url", "''"],
};

/// The keys of single models.
pub const MODELS: SealedColumn = SealedColumn {
    table: "model_credentials",
    column: "encrypted_value",
    label: "id",
    has_iv: false,
    bound: &["provider", "model"],
};

/// All of them.
pub const SEALED: [SealedColumn; 3] = [SECRETS, PROVIDERS, MODELS];

/// What a value is sealed for: its row, the name by which that is found, and what the value is
/// sent to.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    column: SealedColumn,
    row_id: &'a str,
    bound: Vec<Option<&'a str>>,
}

impl<'a> Subject<'a> {
    /// The secret with this id and this key.
    pub fn secret(id: &'a str, key: &'a str) -> Self {
        Self { column: SECRETS, row_id: id, bound: vec![Some(key)] }
    }

    /// A provider, which is reached at this base URL.
    pub fn provider(id: &'a str, base_url: Option<&'a str>) -> Self {
        let placement = Some("");
        Self { column: PROVIDERS, row_id: id, bound: vec![Some(id), base_url, placement] }
    }

    /// A model of a provider, in the row with this id.
    pub fn model(id: &'a str, provider: &'a str, model: &'a str) -> Self {
        Self { column: MODELS, row_id: id, bound: vec![Some(provider), Some(model)] }
    }

    /// What the value is bound to.
    pub fn bound(&self) -> Vec<Option<String>> {
        self.bound.iter().map(|part| part.map(str::to_owned)).collect()
    }

    /// Where the value lives, under this key.
    pub fn place<'b>(&'b self, key_id: &'b str) -> Place<'b> {
        let Self { column: SealedColumn { table, column, .. }, row_id, bound } = self;
        Place { table, column, row_id, key_id, bound }
    }
}

/// A sealed value with what is needed to open it.
#[derive(Clone, Debug)]
pub struct SealedRow {
    /// The id of the row.
    pub id: String,
    /// The name by which a person knows it.
    pub label: String,
    /// What it is bound to, as the row says now.
    pub bound: Vec<Option<String>>,
    /// The id of the key it is sealed under; none in the older layout.
    pub key_id: Option<String>,
    /// The nonce of the older layout.
    pub iv: Option<Vec<u8>>,
    /// The mac of a row whose seal does not bind its name.
    pub mac: Option<Vec<u8>>,
    /// The sealed value.
    pub sealed: Vec<u8>,
}

impl SealedRow {
    /// What it should be sealed for.
    pub fn subject(&self, column: SealedColumn) -> Subject<'_> {
        let bound = self.bound.iter().map(Option::as_deref).collect();
        Subject { column, row_id: &self.id, bound }
    }
}

/// Numbers of values in a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All of them.
    pub total: u64,
    /// Those under a data key.
    pub sealed: u64,
}

/// A row that cannot be what it should be, by the name a person knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// The table and the row.
    pub row: String,
    /// The key it is said to be sealed under.
    pub key_id: String,
}

impl SealedColumn {
    /// How many values there are.
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

    /// The oldest rows of the older layout.
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

    /// The row, for a sentence.
    pub fn name(&self, label: &str) -> String {
        format!("\"{label}\" in the table {}", self.table)
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
