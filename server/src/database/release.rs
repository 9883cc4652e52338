//! A connection goes back to the pool outside any transaction, or is closed.
//!
//! 1. A statement or COMMIT that fails can end a transaction in the database while the driver
//!    still counts it: SQLite rolls back by itself when the disk is full, and the ROLLBACK that
//!    follows then fails. The next transaction would be a savepoint, which nobody commits.
//! 2. A BEGIN whose caller went away can leave a transaction open that the driver does not
//!    count. The next statements would belong to it, and be lost.
//!
//! So the driver is asked for its count, and the database itself whether a transaction is
//! open. Nothing uses a connection while it is in the pool, so what was true when it came back
//! is true when it is handed out.

use std::time::Duration;

use sea_orm::sqlx::{Connection, Error, SqlSafeStr};

/// Begins nothing. After a BEGIN of the caller's own the driver asks the database whether a
/// transaction is open: [`Error::BeginFailed`] says that none is.
const IS_IN_TRANSACTION: &str = "/* is a transaction open? */";

/// How long the database has for the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Whether the connection may be used again; it is closed otherwise, which ends whatever
/// transaction is open.
pub(super) async fn is_outside_transaction(
    connection: &mut impl Connection,
) -> Result<bool, Error> {
    // A transaction that was dropped is rolled back by the thread of the connection, in its turn.
    if connection.is_in_transaction() {
        tokio::time::timeout(TIMEOUT, connection.ping())
            .await
            .map_err(|_| Error::PoolTimedOut)??;
    }
    if connection.is_in_transaction() {
        return Ok(closed("the driver still counts a transaction"));
    }
    let answer = connection.begin_with(IS_IN_TRANSACTION.into_sql_str());
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(Err(Error::BeginFailed)) => Ok(true),
        Ok(Ok(_)) => Ok(closed("the database has a transaction open")),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(Error::PoolTimedOut),
    }
}

fn closed(reason: &str) -> bool {
    tracing::warn!(reason, "a connection is closed: its transaction did not end cleanly");
    false
}

#[cfg(test)]
mod tests {
    use sea_orm::sqlx::{AssertSqlSafe, Executor, SqliteConnection};

    use super::*;

    async fn connection() -> SqliteConnection {
        SqliteConnection::connect("sqlite::memory:").await.unwrap()
    }

    async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }

    #[tokio::test]
    async fn a_connection_is_kept_after_a_transaction_that_was_dropped() {
        let mut connection = connection().await;
        for _ in 0..200 {
            let mut transaction = connection.begin().await.unwrap();
            execute(&mut transaction, "CREATE TABLE kept (id)").await;
            drop(transaction);
            assert!(is_outside_transaction(&mut connection).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_connection_is_closed_when_a_transaction_is_open_that_nobody_counts() {
        let mut connection = connection().await;
        execute(&mut connection, "BEGIN").await;
        assert!(!is_outside_transaction(&mut connection).await.unwrap());
    }

    #[tokio::test]
    async fn a_connection_is_closed_when_a_transaction_is_counted_that_is_over() {
        let mut connection = connection().await;
        let mut transaction = connection.begin().await.unwrap();
        execute(&mut transaction, "COMMIT").await;
        drop(transaction);
        assert!(!is_outside_transaction(&mut connection).await.unwrap());
    }
}
