//! Rows of any table out of one store and into another.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::{Stream, StreamExt};
use keyward_core::backup::{Kind, Table, Value};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult, Statement, StreamTrait,
};

use super::BackupError;

/// Rows of one statement, at most.
const BATCH: usize = 200;
/// The same in bytes of texts and bytes.
const BATCH_BYTES: usize = 1 << 20;
/// Behind a pooler each statement stays prepared in the session, under a name of its own; so many
/// may be.
const PREPARED: u32 = 20;

/// All rows of a table, one after the other.
pub async fn stream<'a>(
    moment: &'a DatabaseTransaction,
    sorted_by: &str,
    table: &'a Table,
) -> Result<impl Stream<Item = Result<Vec<Value>, BackupError>> + 'a, BackupError> {
    let backend = ConnectionTrait::get_database_backend(moment);
    let columns = table.columns.iter().map(|(name, kind)| match (kind, backend) {
        // Whatever its size.
        (Kind::Integer, DbBackend::Postgres) => format!("\"{name}\"::bigint AS \"{name}\""),
        _ => format!("\"{name}\""),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT {columns} FROM \"{}\" ORDER BY \"{sorted_by}\"", table.name);
    let found = moment.stream_raw(Statement::from_string(backend, sql)).await?;
    Ok(found.map(|row| read(&row?, table)))
}

fn read(row: &QueryResult, table: &Table) -> Result<Vec<Value>, BackupError> {
    let values = table.columns.iter().map(|(name, kind)| value(row, name, *kind));
    // The driver panics at times that are none, such as 'infinity' in PostgreSQL.
    let read = catch_unwind(AssertUnwindSafe(|| values.collect::<Result<_, _>>()));
    let reason = match read {
        Ok(Ok(values)) => return Ok(values),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "a time is out of range".to_owned(),
    };
    Err(BackupError::Row { table: table.name.clone(), reason })
}

fn value(row: &QueryResult, name: &str, kind: Kind) -> Result<Value, DbErr> {
    let found = match kind {
        Kind::Text => row.try_get::<Option<_>>("", name)?.map(Value::Text),
        Kind::Integer => row.try_get::<Option<_>>("", name)?.map(Value::Integer),
        Kind::Boolean => row.try_get::<Option<_>>("", name)?.map(Value::Boolean),
        Kind::Bytes => row.try_get::<Option<_>>("", name)?.map(Value::Bytes),
        Kind::Time => row.try_get::<Option<_>>("", name)?.map(Value::Time),
    };
    Ok(found.unwrap_or(Value::Null))
}

/// Deletes all rows of a table.
pub async fn clear(into: &DatabaseTransaction, table: &Table) -> Result<(), DbErr> {
    into.execute_unprepared(&format!("DELETE FROM \"{}\"", table.name)).await.map(drop)
}

/// Takes rows of a table, and writes many at a time.
pub struct Inserter<'a> {
    into: &'a DatabaseTransaction,
    table: &'a Table,
    rows: Vec<Vec<Value>>,
    /// Of texts and bytes in these rows.
    bytes: usize,
    /// Statements since the session last dropped what is prepared in it.
    prepared: u32,
    is_behind_pooler: bool,
}

impl<'a> Inserter<'a> {
    /// Into a table of a database that is behind a pooler or not.
    pub fn new(into: &'a DatabaseTransaction, table: &'a Table, is_behind_pooler: bool) -> Self {
        Self { into, table, rows: Vec::new(), bytes: 0, prepared: 0, is_behind_pooler }
    }

    /// Takes a row.
    pub async fn put(&mut self, row: Vec<Value>) -> Result<(), BackupError> {
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
        if self.rows.len() == BATCH || self.bytes >= BATCH_BYTES {
            self.flush().await
        } else {
            Ok(())
        }
    }

    /// Writes what is left.
    pub async fn finish(mut self) -> Result<(), BackupError> {
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        let name = self.table.name.clone();
        self.write().await.map_err(|error| BackupError::Insert(name, error))
    }

    async fn write(&mut self) -> Result<(), DbErr> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let Table { name, columns } = self.table;
        let mut parameter = 0;
        let mut parameters = || {
            let row = columns.iter().map(|_| {
                parameter += 1;
                format!("${parameter}")
            });
            format!("({})", row.collect::<Vec<_>>().join(", "))
        };
        let values: Vec<_> = self.rows.iter().map(|_| parameters()).collect();
        let names: Vec<_> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!("INSERT INTO \"{name}\" ({names}) VALUES {values}");
        let kinds = columns.iter().map(|(_, kind)| *kind).cycle();
        let bound = self.rows.drain(..).flatten().zip(kinds).map(|(value, kind)| bind(value, kind));
        let backend = ConnectionTrait::get_database_backend(self.into);
        let insert = Statement::from_sql_and_values(backend, sql, bound);
        self.bytes = 0;
        self.into.execute_raw(insert).await?;
        self.prepared += 1;
        if self.is_behind_pooler && self.prepared == PREPARED {
            self.prepared = 0;
            self.into.execute_unprepared("DEALLOCATE ALL").await?;
        }
        Ok(())
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Boolean(_) | Value::Time(_) => 0,
    }
}

/// A value of nothing has a type as well.
fn bind(value: Value, kind: Kind) -> sea_orm::Value {
    match value {
        Value::Text(text) => text.into(),
        Value::Integer(number) => number.into(),
        Value::Boolean(is) => is.into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::Time(time) => time.into(),
        Value::Null => match kind {
            Kind::Text => None::<String>.into(),
            Kind::Integer => None::<i64>.into(),
            Kind::Boolean => None::<bool>.into(),
            Kind::Bytes => None::<Vec<u8>>.into(),
            Kind::Time => None::<time::OffsetDateTime>.into(),
        },
    }
}
