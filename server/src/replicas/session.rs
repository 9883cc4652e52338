//! A connection to PostgreSQL outside the pool. Statements go as one message each and prepare
//! nothing, which also works behind a pooler in transaction mode.
//!
//! A statement that has no answer in time is given up with its connection: what is blocked on its
//! way would otherwise block the next one too.

use std::time::Duration;

use sea_orm::QueryResult;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, AssertSqlSafe, ConnectOptions};
use tokio::sync::Mutex;

use crate::database::{StoreError, of_driver};

/// How long a connection may take to open: several round trips, and a key exchange.
const OPENING: Duration = Duration::from_secs(5);

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

    /// The rows of one statement, which holds no text from outside. The limit is for the answer:
    /// a connection that must be opened first has [`OPENING`] for that.
    pub(super) async fn rows(
        &self,
        sql: String,
        limit: Duration,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let late = |_| StoreError::TimedOut(limit);
        let mut turn =
            tokio::time::timeout(limit + OPENING, self.connection.lock()).await.map_err(late)?;
        // Out of its place until it has answered: one that fails, or is given up, is closed.
        let mut connection = if let Some(connection) = turn.take() {
            connection
        } else {
            let opened = tokio::time::timeout(OPENING, self.options.connect()).await;
            opened.map_err(|_| StoreError::TimedOut(OPENING))?.map_err(unreadable)?
        };
        let answer = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection);
        let rows = tokio::time::timeout(limit, answer).await.map_err(late)?.map_err(unreadable)?;
        *turn = Some(connection);
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}

/// An error of a connection outside the pool.
fn unreadable(error: sqlx::Error) -> StoreError {
    of_driver(error).into()
}
