//! Opening the database.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteSynchronous,
};
use sea_orm::sqlx::{self, ConnectOptions, Connection, Database, Postgres, Row};
use sea_orm::{SqlxPostgresConnector, SqlxSqliteConnector};

use super::address::{Address, Server, SqliteFile};
use super::connection::{DatabaseConnection, LOCK_TIMEOUT, OutsidePool};
use super::error::{OpenError, sentence};
use super::release::is_outside_transaction;
use crate::config::DatabaseConfig;
use crate::hardening::{warn_if_exposed, writable};

/// How long a writer waits for another one, and a request for a connection.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Rows of SQLite come from a thread of its own; so many may be read and not yet taken.
pub const ROWS_ON_THEIR_WAY: usize = 1024;

/// How long a start waits for the first connection.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections to a PostgreSQL, which counts them for all servers together. Each server has three
/// more: for its lease, for notifications, and to follow what others change.
const POSTGRES_CONNECTIONS: u32 = 2;
/// Connections to a file, which costs nothing but descriptors.
const SQLITE_CONNECTIONS: u32 = 16;

/// How long a connection beside the pool stays open when nobody uses it.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// To serve or to migrate: a file that is missing is made, and a server that does not
    /// answer is waited for.
    Store,
    /// A command about a store that is there.
    Command,
}

pub async fn connect(
    config: &DatabaseConfig,
    opening: Opening,
) -> Result<DatabaseConnection, OpenError> {
    match Address::parse(config.url.expose()).map_err(OpenError::Address)? {
        Address::Sqlite(file) => {
            let number = config.connections.unwrap_or(SQLITE_CONNECTIONS);
            open_file(&file, number, opening).await
        }
        Address::Postgres(server) => {
            let number = config.connections.unwrap_or(POSTGRES_CONNECTIONS);
            let listen = config.listen_url.as_ref().map(|url| Address::parse(url.expose()));
            let listen = match listen.transpose().map_err(OpenError::Address)? {
                Some(Address::Postgres(listen)) => Some(listen.options),
                _ => None,
            };
            open_server(*server, number, opening, listen).await
        }
    }
}

async fn open_file(
    file: &SqliteFile,
    number: u32,
    opening: Opening,
) -> Result<DatabaseConnection, OpenError> {
    prepare_file(file, opening)?;
    let mut options = SqliteConnectOptions::new()
        .filename(&file.path)
        .create_if_missing(opening == Opening::Store && file.may_create)
        .foreign_keys(true)
        // With WAL, a commit is on the disk when it returns.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .row_buffer_size(ROWS_ON_THEIR_WAY)
        .disable_statement_logging();
    if opening == Opening::Store {
        // It stays so in the file. A command may be given one of another program.
        options = options.journal_mode(SqliteJournalMode::Wal);
    }
    let start = Instant::now();
    let pool = loop {
        // A connection to a file does not go away, and asking it costs as much as a query.
        let pool = pool_options(number).test_before_acquire(false);
        match pool.connect_with(options.clone()).await {
            Err(error) if is_slow(&error) && start.elapsed() < START_TIMEOUT => (),
            opened => break opened.map_err(|error| OpenError::of_file(&file.path, error))?,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let keeper = keep_open(&pool).await.map_err(|error| OpenError::of_file(&file.path, error))?;
    let pool = SqlxSqliteConnector::from_sqlx_sqlite_pool(pool);
    Ok(DatabaseConnection::to_file(pool, keeper))
}

fn pool_options<DB: Database>(number: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(number)
        .acquire_timeout(BUSY_TIMEOUT)
        .after_release(|connection, _| Box::pin(is_outside_transaction(connection)))
}

/// Finds out what SQLite would call "unable to open database file", and makes the folder.
fn prepare_file(file: &SqliteFile, opening: Opening) -> Result<(), OpenError> {
    let path = &file.path;
    let unusable = |reason: &str| OpenError::File(path.clone(), reason.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Err(unusable("it is a folder")),
        Ok(_) => {
            writable(path).map_err(|error| unusable(&sentence(&error)))?;
            if opening == Opening::Store {
                warn_of_exposed_files(path);
            }
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(unusable(&sentence(&error)));
        }
        Err(_) if opening == Opening::Command => {
            return Err(OpenError::Missing(path.display().to_string()));
        }
        Err(_) if !file.may_create => {
            return Err(unusable("there is no such file, and mode=rw makes none"));
        }
        Err(_) => fs::create_dir_all(folder).map_err(|error| {
            let folder = folder.display();
            unusable(&format!("the folder {folder} cannot be made: {}", sentence(&error)))
        })?,
    }
    // SQLite keeps two files beside it.
    writable(folder).map_err(|error| {
        unusable(&format!("nothing can be written to its folder: {}", sentence(&error)))
    })
}

/// SQLite gives the files beside it the permissions of the database.
fn warn_of_exposed_files(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        warn_if_exposed(Path::new(&name));
    }
}

/// A connection outside the pool, for as long as the pool lives. With the last connection to a
/// file goes its shared memory, which cannot be made again on a full disk: nothing could be
/// read then. The files are opened by the first read.
async fn keep_open(pool: &SqlitePool) -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = pool.acquire().await?.detach();
    sqlx::raw_sql("SELECT count(*) FROM sqlite_schema").execute(&mut connection).await?;
    Ok(connection)
}

/// Whether a SQLite file was not opened in time: processes that start at once change it to
/// WAL, which does not wait, or the disk is busy.
fn is_slow(error: &sqlx::Error) -> bool {
    const BUSY: &str = "5";
    match error {
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => error.code().as_deref() == Some(BUSY),
        _ => false,
    }
}

async fn open_server(
    server: Server,
    number: u32,
    opening: Opening,
    listen: Option<PgConnectOptions>,
) -> Result<DatabaseConnection, OpenError> {
    for (parameter, file) in &server.files {
        // The driver says no more than that there is no such file.
        fs::metadata(file).map_err(|error| {
            let (file, reason) = (file.display(), sentence(&error));
            OpenError::Address(format!("has an {parameter}, {file}, that cannot be read: {reason}"))
        })?;
    }
    let options = server.options.disable_statement_logging();
    let is_direct = first_session(&options, opening).await?;
    let listen = listen.or_else(|| is_direct.then(|| options.clone()));
    let pooled = if is_direct {
        with_lock_timeout(&options)
    } else {
        options.clone().statement_cache_capacity(0)
    };
    let pool = server_pool(pool_options(number), pooled.clone());
    let outside = OutsidePool { options, pooled, listen };
    if !is_direct && opening == Opening::Store {
        tracing::info!("a pooler changes sessions between transactions: each statement has one");
    }
    Ok(DatabaseConnection::to_server(pool, !is_direct, outside))
}

/// For what must not wait behind requests: one connection more, which is closed when it is idle. To
/// a file, the same pool.
pub fn beside(db: &DatabaseConnection) -> DatabaseConnection {
    let Some(outside) = db.outside_pool() else { return db.clone() };
    let one = pool_options(1).idle_timeout(IDLE);
    let pool = server_pool(one, outside.pooled.clone());
    DatabaseConnection::to_server(pool, db.is_behind_pooler(), outside.clone())
}

fn server_pool(
    options: PoolOptions<Postgres>,
    connect: PgConnectOptions,
) -> sea_orm::DatabaseConnection {
    let options = options.after_connect(|connection, _| Box::pin(refuse_standby(connection)));
    SqlxPostgresConnector::from_sqlx_postgres_pool(options.connect_lazy_with(connect))
}

/// Without it, who waits for a lock would keep a connection for as long as that takes.
fn with_lock_timeout(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([("lock_timeout", LOCK_TIMEOUT)])
}

/// Waits for the server, and finds out whether sessions keep what they are started with.
async fn first_session(options: &PgConnectOptions, opening: Opening) -> Result<bool, OpenError> {
    let start = Instant::now();
    let mut logged = String::new();
    loop {
        let error = match tokio::time::timeout(BUSY_TIMEOUT, keeps_settings(options)).await {
            Ok(Ok(kept)) => return Ok(kept),
            Ok(Err(error)) => error,
            Err(_) => {
                let text = format!("no answer within {} s", BUSY_TIMEOUT.as_secs());
                sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
            }
        };
        let may_wait = opening == Opening::Store && start.elapsed() < START_TIMEOUT;
        let is_over = !OpenError::may_pass(&error) || !may_wait;
        let error = OpenError::of_server(options, error);
        if is_over {
            return Err(error);
        }
        if logged != error.to_string() {
            logged = error.to_string();
            let seconds = START_TIMEOUT.as_secs();
            tracing::warn!("waiting up to {seconds} s for the database: {logged}");
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Whether a session keeps a setting that its start-up options ask for. A pooler in
/// transaction mode refuses such options (PgBouncer, RDS Proxy), or ignores them: pgcat,
/// Odyssey and Supavisor do, and PgBouncer where its configuration says so.
async fn keeps_settings(options: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut session = match with_lock_timeout(options).connect().await {
        Err(sqlx::Error::Database(error)) if is_about_options(error.message()) => {
            let mut session = options.connect().await?;
            refuse_standby(&mut session).await?;
            session.close().await?;
            return Ok(false);
        }
        connected => connected?,
    };
    refuse_standby(&mut session).await?;
    let kept = lock_timeout(&mut session).await? == LOCK_TIMEOUT;
    session.close().await?;
    Ok(kept)
}

/// A standby may lack what was revoked a moment ago. One that is promoted ends this.
async fn refuse_standby(session: &mut PgConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::raw_sql("SELECT pg_is_in_recovery()").fetch_one(session).await?;
    if row.try_get(0)? {
        let reason = "it is a standby, which may lack what was revoked";
        return Err(sqlx::Error::Io(std::io::Error::other(reason)));
    }
    Ok(())
}

/// Whether a session was refused for its start-up options, as far as the words tell: each
/// pooler has its own, and codes that are used for other refusals too. Taken for one in error,
/// a refusal costs one more, which is reported.
fn is_about_options(refusal: &str) -> bool {
    const WORDS: [&str; 5] =
        ["startup parameter", "startup option", "command-line option", "options", "lock_timeout"];
    let refusal = refusal.to_lowercase().replace("start-up", "startup");
    WORDS.iter().any(|words| refusal.contains(words))
}

async fn lock_timeout(session: &mut PgConnection) -> Result<String, sqlx::Error> {
    // The simple protocol, which prepares nothing.
    sqlx::raw_sql("SHOW lock_timeout").fetch_one(session).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_start_up_options_is_recognised_by_its_words() {
        for refusal in [
            // PgBouncer: before 1.8, before 1.20, and since.
            "Unsupported startup parameter: options",
            "unsupported startup parameter: options",
            "unsupported startup parameter in options: lock_timeout",
            "unsupported options startup parameter: only '-c config=val' is allowed",
            // Neon.
            "unsupported startup parameter in options: lock_timeout. Please use unpooled \
             connection or remove this parameter from the startup package.",
            // RDS Proxy, with an apostrophe of its own.
            "Feature not supported: RDS Proxy currently doesn\u{2019}t support command-line \
             options.",
            // PostgreSQL, of a setting that it does not know.
            "unrecognized configuration parameter \"lock_timeout\"",
        ] {
            assert!(is_about_options(refusal), "{refusal}");
        }
    }

    #[test]
    fn other_refusals_are_reported_as_they_are() {
        for refusal in [
            "password authentication failed for user \"keyward\"",
            "database \"keyward\" does not exist",
            "no such user: keyward",
            "the database system is starting up",
            "sorry, too many clients already",
            "no pg_hba.conf entry for host \"192.0.2.1\", user \"keyward\"",
            "This RDS Proxy requires TLS connections",
            "Tenant or user not found",
        ] {
            assert!(!is_about_options(refusal), "{refusal}");
        }
    }
}
