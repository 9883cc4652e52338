//! What an attacker does: statements of SQL, on a connection with every right.

use std::fmt;

use sea_orm::ConnectionTrait;

use crate::place::{Backend, Place};
use crate::snapshot::{Row, Snapshot};

/// Statements in their order.
#[derive(Clone, Debug, Default)]
pub struct Plan(pub Vec<String>);

impl Plan {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn sql(mut self, statement: impl Into<String>) -> Self {
        self.0.push(statement.into());
        self
    }

    /// Changes columns of one row.
    #[must_use]
    pub fn set(self, now: &Snapshot, table: &str, row: &Row, columns: &[(&str, &str)]) -> Self {
        let table = now.table(table);
        let columns: Vec<_> =
            columns.iter().map(|(name, literal)| format!("\"{name}\" = {literal}")).collect();
        let (key, id) = (table.key(), &row[table.key_column()]);
        self.sql(format!(
            "UPDATE \"{}\" SET {} WHERE \"{key}\" = {id}",
            table.name,
            columns.join(", ")
        ))
    }

    #[must_use]
    pub fn insert(self, now: &Snapshot, table: &str, row: &Row) -> Self {
        let table = now.table(table);
        let names: Vec<_> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        let (names, values) = (names.join(", "), row.join(", "));
        self.sql(format!("INSERT INTO \"{}\" ({names}) VALUES ({values})", table.name))
    }

    #[must_use]
    pub fn delete(self, now: &Snapshot, table: &str, row: &Row) -> Self {
        let table = now.table(table);
        let (key, id) = (table.key(), &row[table.key_column()]);
        self.sql(format!("DELETE FROM \"{}\" WHERE \"{key}\" = {id}", table.name))
    }

    /// Puts a row there, in the place of the one with the same id.
    #[must_use]
    pub fn put(self, now: &Snapshot, table: &str, row: &Row) -> Self {
        self.delete(now, table, row).insert(now, table, row)
    }

    /// Makes a whole table what it was.
    #[must_use]
    pub fn put_back(self, then: &Snapshot, table: &str) -> Self {
        let rows = then.table(table).rows.values();
        let emptied = self.sql(format!("DELETE FROM \"{table}\""));
        rows.fold(emptied, |plan, row| plan.insert(then, table, row))
    }

    #[must_use]
    pub fn then(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for statement in &self.0 {
            let short: String = statement.chars().take(400).collect();
            writeln!(f, "      {short}")?;
        }
        Ok(())
    }
}

/// What was stored right before and right after the steps.
pub struct Applied {
    pub before: Snapshot,
    pub after: Snapshot,
    /// Statements that the database refused; it is as if they had not been there.
    pub refused: Vec<String>,
}

/// Does the steps in one transaction, without foreign keys.
pub async fn apply(place: &Place, plan: &Plan) -> Applied {
    let db = place.connect().await;
    let [unbound, begin] = match place.backend {
        Backend::Sqlite => ["PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE"],
        Backend::Postgres => ["SET session_replication_role = replica", "BEGIN"],
    };
    for statement in [unbound, begin] {
        db.execute_unprepared(statement).await.unwrap();
    }
    let before = Snapshot::take(&db, place.backend).await;
    let mut refused = Vec::new();
    for statement in &plan.0 {
        db.execute_unprepared("SAVEPOINT step").await.unwrap();
        let end = match db.execute_unprepared(statement).await {
            Ok(_) => "RELEASE SAVEPOINT step",
            Err(error) => {
                refused.push(format!("{statement}: {error}"));
                "ROLLBACK TO SAVEPOINT step"
            }
        };
        db.execute_unprepared(end).await.unwrap();
    }
    let after = Snapshot::take(&db, place.backend).await;
    db.execute_unprepared("COMMIT").await.unwrap();
    db.close().await.unwrap();
    Applied { before, after, refused }
}
