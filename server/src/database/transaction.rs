//! Transactions: the one way to begin one that writes, and the turns that processes take.

use sea_orm::sqlx::error::DatabaseError;
use sea_orm::sqlx::postgres::PgDatabaseError;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, IsolationLevel, RuntimeErr,
    SqliteTransactionMode, Statement, TransactionOptions,
};

use super::connection::{DatabaseConnection, LOCK_TIMEOUT};
use super::store_error::StoreError;

/// The advisory locks, by which processes take turns. Any numbers that no other program uses on the
/// same database.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub enum AdvisoryLock {
    Migrate = 0x6b65_7977_6172_6401,
    Keys = 0x6b65_7977_6172_6402,
    /// Printing setup links and creating the first administrator.
    Setup = 0x6b65_7977_6172_6403,
}

/// Begins a transaction that will write. SQLite has one writer, and a transaction that
/// reads first and writes later fails when another wrote in between; so it asks for the
/// right to write at once.
pub async fn begin_write(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    db.begin_with_options(options).await
}

/// Commits. An error that is not the database's answer to the COMMIT leaves open whether it did.
pub async fn commit(transaction: DatabaseTransaction) -> Result<(), StoreError> {
    transaction.commit().await.map_err(|error| {
        if answer(&error).is_some_and(is_about_the_commit) {
            return StoreError::Database(error);
        }
        tracing::error!(%error, "it is not known whether a change was committed");
        StoreError::Unknown("the database did not answer to the commit")
    })
}

/// Whether the database says that it did not commit: not when it, or a pooler in its name, says that
/// it is going away (classes 08, 57P and 58 of PostgreSQL's codes).
fn is_about_the_commit(error: &dyn DatabaseError) -> bool {
    const OF_CONNECTIONS: [&str; 3] = ["08", "57P", "58"];
    let is_postgres = error.try_downcast_ref::<PgDatabaseError>().is_some();
    let code = error.code().unwrap_or_default();
    !(is_postgres && OF_CONNECTIONS.iter().any(|class| code.starts_with(class)))
}

/// What the database itself said.
fn answer(error: &DbErr) -> Option<&dyn DatabaseError> {
    let (DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error)) = error else {
        return None;
    };
    let RuntimeErr::SqlxError(error) = error else { return None };
    error.as_database_error()
}

/// Begins a transaction that will write, when no other process is at the same thing, and
/// waits for that. On SQLite every writer is alone anyway.
pub async fn begin_locked(
    db: &DatabaseConnection,
    lock: AdvisoryLock,
) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin_write(db).await?;
    self::lock(&transaction, lock).await?;
    Ok(transaction)
}

/// Waits for one more lock, in the order in which [`AdvisoryLock`] lists them.
pub async fn lock(transaction: &DatabaseTransaction, lock: AdvisoryLock) -> Result<(), DbErr> {
    if ConnectionTrait::get_database_backend(transaction) != DbBackend::Postgres {
        return Ok(());
    }
    let take = format!(
        "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({}); \
         SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'",
        lock as i64
    );
    transaction.execute_unprepared(&take).await.map(drop)
}

/// Like [`begin_locked`], but does not wait for another process that is at it: `None`. On
/// SQLite that is any writer who takes longer than the busy timeout.
pub async fn try_begin_locked(
    db: &DatabaseConnection,
    lock: AdvisoryLock,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    let transaction = match begin_write(db).await {
        Err(error) if is_busy(&error) => return Ok(None),
        begun => begun?,
    };
    if db.get_database_backend() == DbBackend::Postgres {
        let take = format!("SELECT pg_try_advisory_xact_lock({}) AS ours", lock as i64);
        let statement = Statement::from_string(DbBackend::Postgres, take);
        let row = transaction.query_one_raw(statement).await?;
        if !row.is_some_and(|row| row.try_get("", "ours").unwrap_or(false)) {
            return Ok(None);
        }
    }
    Ok(Some(transaction))
}

/// Begins a transaction that reads, and sees the database as it is at one moment.
pub async fn begin_read(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let is_postgres = db.get_database_backend() == DbBackend::Postgres;
    let options = TransactionOptions {
        // SQLite always reads so.
        isolation_level: is_postgres.then_some(IsolationLevel::RepeatableRead),
        ..TransactionOptions::default()
    };
    db.begin_with_options(options).await
}

/// Whether SQLite has another writer that did not end in time.
pub(super) fn is_busy(error: &DbErr) -> bool {
    answer(error).and_then(DatabaseError::code).is_some_and(|code| code == "5")
}
