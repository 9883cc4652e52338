//! A connection to PostgreSQL outside the pool. Statements go as one message each and prepare
//! nothing, which also works behind a pooler in transaction mode.
//!
//! A statement that has no answer in time is given up with its connection: what is blocked on its
//! way would otherwise block the next one too.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions};
use tokio::sync::Mutex;

use crate::database::{StoreError, of_driver};

/// A connection that is opened again when it was lost. Statements take turns.
pub struct Session {
    options: PgConnectOptions,
    connection: Mutex<Option<PgConnection>>,
}

impl Session {
    /// Opened by the first statement.
    pub fn new(options: PgConnectOptions) -> Self {
        Self { options, connection: Mutex::default() }
    }

    /// The rows of one statement, which holds no text from outside.
    pub(super) async fn rows(
        &self,
        sql: String,
        limit: Duration,
    ) -> Result<Vec<PgRow>, StoreError> {
        let answer = tokio::time::timeout(limit, self.ask(sql)).await;
        answer.map_err(|_| StoreError::TimedOut(limit))?.map_err(unreadable)
    }

    async fn ask(&self, sql: String) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut turn = self.connection.lock().await;
        // Out of its place until it has answered: one that fails, or is given up, is closed.
        let mut connection = match turn.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection).await?;
        *turn = Some(connection);
        Ok(rows)
    }
}

/// An error of a connection outside the pool.
pub(super) fn unreadable(error: sqlx::Error) -> StoreError {
    of_driver(error).into()
}
