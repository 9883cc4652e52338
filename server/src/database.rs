//! Opening the database, and the one way to begin a transaction that writes.

use std::path::Path;
use std::time::{Duration, Instant};

use keyward_migration::{Migrator, MigratorTrait};
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, error::DatabaseError};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, IsolationLevel, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

/// How long a writer waits for another one, and a request for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE_TEXT: &str = "5s";

/// Rows of SQLite come from a thread of its own; so many may be read and not yet taken.
pub const ROWS_ON_THEIR_WAY: usize = 1024;

/// How long a start waits for the first connection.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// What processes take turns at. Any numbers that no other program uses for its advisory
/// locks on the same database.
#[derive(Clone, Copy, Debug)]
#[repr(i64)]
pub enum Turn {
    /// Bringing the schema up to date.
    Migrate = 0x6b65_7977_6172_6401,
    /// Opening, making, wrapping and rotating keys.
    Keys = 0x6b65_7977_6172_6402,
}

/// Connects to `url`, `sqlite://PATH` (made when it is not there) or `postgres://...`.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(sqlite_url(url)?);
    options
        .max_connections(16)
        // A connection to a file does not go away, and asking it costs as much as a query.
        .test_before_acquire(!url.starts_with("sqlite:"))
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
                .row_buffer_size(ROWS_ON_THEIR_WAY)
        })
        // Without it, who waits for a lock would keep a connection for as long as that takes.
        .map_sqlx_postgres_opts(|postgres| postgres.options([("lock_timeout", PATIENCE_TEXT)]));
    let start = Instant::now();
    loop {
        match Database::connect(options.clone()).await {
            Err(error) if is_slow(&error) && start.elapsed() < START_PATIENCE => (),
            connected => return connected,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Whether a SQLite file was not opened in time: processes that start at once change it to
/// WAL, which does not wait, or the disk is busy.
fn is_slow(error: &DbErr) -> bool {
    let timed_out = |error: &DbErr| matches!(error, DbErr::Conn(RuntimeErr::SqlxError(error)) if matches!(**error, sqlx::Error::PoolTimedOut));
    is_busy(error) || timed_out(error)
}

/// Whether SQLite has another writer that did not end in time.
fn is_busy(error: &DbErr) -> bool {
    let (DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error)) = error else {
        return false;
    };
    let RuntimeErr::SqlxError(error) = error else { return false };
    error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "5")
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

/// Begins a transaction that will write, when no other process is at the same thing, and
/// waits for that. On SQLite every writer is alone anyway.
pub async fn begin_turn(db: &DatabaseConnection, turn: Turn) -> Result<DatabaseTransaction, DbErr> {
    let transaction = begin_write(db).await?;
    if db.get_database_backend() == DbBackend::Postgres {
        let lock = format!(
            "SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock({}); \
             SET LOCAL lock_timeout = '{PATIENCE_TEXT}'",
            turn as i64
        );
        transaction.execute_unprepared(&lock).await?;
    }
    Ok(transaction)
}

/// Like [`begin_turn`], but does not wait for another process that is at it: `None`. On
/// SQLite that is any writer who takes longer than [`PATIENCE`].
pub async fn try_begin_turn(
    db: &DatabaseConnection,
    turn: Turn,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    let transaction = match begin_write(db).await {
        Err(error) if is_busy(&error) => return Ok(None),
        begun => begun?,
    };
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

/// The file of a SQLite database that is not there yet.
pub fn missing_file(url: &str) -> Option<&Path> {
    sqlite_file(url).filter(|file| !file.exists())
}

fn sqlite_file(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite://")?.split('?').next()?;
    Some(Path::new(path)).filter(|path| !path.as_os_str().is_empty() && *path != ":memory:")
}

fn sqlite_url(url: &str) -> Result<String, DbErr> {
    let folder = sqlite_file(url).and_then(Path::parent);
    if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .map_err(|error| DbErr::Custom(format!("cannot make {}: {error}", folder.display())))?;
    }
    Ok(url.to_owned())
}
