//! Opening the database.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::sqlx::{self, SqliteConnection, SqlitePool};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr};

use super::release::is_outside_transaction;
use super::transaction::is_busy;

/// How long a writer waits for another one, and a request for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
pub(super) const PATIENCE_TEXT: &str = "5s";

/// Rows of SQLite come from a thread of its own; so many may be read and not yet taken.
pub const ROWS_ON_THEIR_WAY: usize = 1024;

/// How long a start waits for the first connection.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Connects to `url`, `sqlite://PATH` (made when it is not there) or `postgres://...`.
pub async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(sqlite_url(url)?);
    let keeper = Keeper::default();
    let for_pool = keeper.clone();
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
        .map_sqlx_sqlite_pool_opts(move |pool| {
            let keeper = for_pool.clone();
            pool.after_release(move |it, _| {
                let _lives_as_long_as_the_pool = &keeper;
                Box::pin(is_outside_transaction(it))
            })
        })
        .map_sqlx_postgres_pool_opts(|pool| {
            pool.after_release(|it, _| Box::pin(is_outside_transaction(it)))
        })
        // Without it, who waits for a lock would keep a connection for as long as that takes.
        .map_sqlx_postgres_opts(|postgres| postgres.options([("lock_timeout", PATIENCE_TEXT)]));
    let start = Instant::now();
    loop {
        match Database::connect(options.clone()).await {
            Err(error) if is_slow(&error) && start.elapsed() < START_PATIENCE => (),
            Err(error) => return Err(error),
            Ok(db) => {
                keep_open(&db, &keeper).await?;
                return Ok(db);
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A connection to SQLite that nobody uses. With the last connection to a file goes its
/// shared memory, which cannot be made again on a full disk: nothing could be read then.
type Keeper = Arc<OnceLock<Mutex<SqliteConnection>>>;

async fn keep_open(db: &DatabaseConnection, keeper: &Keeper) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        let opened = open_files(db.get_sqlite_connection_pool()).await;
        let connection =
            opened.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
        keeper.get_or_init(|| Mutex::new(connection));
    }
    Ok(())
}

/// A connection outside the pool that has the files open: they are opened by the first read.
async fn open_files(pool: &SqlitePool) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = pool.acquire().await?.detach();
    sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
    Ok(connection)
}

/// Whether a SQLite file was not opened in time: processes that start at once change it to
/// WAL, which does not wait, or the disk is busy.
fn is_slow(error: &DbErr) -> bool {
    let timed_out = |error: &DbErr| matches!(error, DbErr::Conn(RuntimeErr::SqlxError(error)) if matches!(**error, sqlx::Error::PoolTimedOut));
    is_busy(error) || timed_out(error)
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
