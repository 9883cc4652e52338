//! Opening the database, and the one way to begin a transaction that writes.

use std::path::Path;
use std::time::Duration;

use keyward_migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

/// How long a writer waits for another one, and a request for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What processes take turns at. Any numbers that no other program uses for its advisory
/// locks on the same database.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub enum Turn {
    /// Bringing the schema up to date.
    Migrate = 0x6b65_7977_6172_6401,
    /// Opening and making keys at start.
    Unlock = 0x6b65_7977_6172_6402,
    /// Moving all values under a new key.
    Rotate = 0x6b65_7977_6172_6403,
}

/// Connects to `url`, `sqlite://PATH` (made when it is not there) or `postgres://...`.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(sqlite_url(url)?);
    options
        .max_connections(16)
        .acquire_timeout(PATIENCE)
        .connect_timeout(PATIENCE)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .foreign_keys(true)
                .journal_mode(SqliteJournalMode::Wal)
                // With WAL, a commit is on the disk when it returns.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(PATIENCE)
        });
    Database::connect(options).await
}

/// Runs all migrations that are missing, once, however many processes ask at a time: they
/// take turns on a lock that lasts as long as the transaction.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = begin_turn(db, Turn::Migrate).await?;
    Migrator::up(&transaction, None).await?;
    transaction.commit().await
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

/// Begins a transaction that will write, when no other process is at the same thing. On
/// SQLite every writer is alone anyway.
pub async fn begin_turn(db: &DatabaseConnection, turn: Turn) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin_write(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_advisory_xact_lock({})", turn as i64);
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(transaction)
}

/// Like [`begin_turn`], but does not wait: `None` when another process is at it.
pub async fn try_begin_turn(
    db: &DatabaseConnection,
    turn: Turn,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    let transaction = begin_write(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = format!("SELECT pg_try_advisory_xact_lock({}) AS ours", turn as i64);
        let statement = Statement::from_string(DbBackend::Postgres, lock);
        let row = transaction.query_one_raw(statement).await?;
        if !row.is_some_and(|row| row.try_get("", "ours").unwrap_or(false)) {
            return Ok(None);
        }
    }
    Ok(Some(transaction))
}

fn sqlite_url(url: &str) -> Result<String, DbErr> {
    if let Some(path) = url.strip_prefix("sqlite://") {
        let path = path.split('?').next().unwrap_or_default();
        if let Some(folder) =
            Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(|error| {
                DbErr::Custom(format!("cannot make {}: {error}", folder.display()))
            })?;
        }
    }
    Ok(url.to_owned())
}
