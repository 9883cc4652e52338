//! The database, before anything in it is read.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use time::OffsetDateTime;

use super::Check;
use crate::clock::Clock;
use crate::config::{ConfigError, DatabaseConfig};
use crate::database::{Address, DatabaseConnection, begin_read, schema};
use crate::replicas::listen;
use crate::session::store::has_user;

/// A clock that is off by more, in seconds, ends sessions and keys at another time than people
/// think.
const SKEW: i64 = 5;

pub(super) fn kind(db: &DatabaseConnection, config: &DatabaseConfig) -> Check {
    let place = config.place();
    Check::ok(
        "database",
        match (db.get_database_backend(), db.is_behind_pooler()) {
            (DbBackend::Postgres, false) => format!("PostgreSQL, {place}"),
            (DbBackend::Postgres, true) => {
                format!("PostgreSQL, {place}, behind a pooler that changes sessions")
            }
            _ => format!("SQLite, {place}"),
        },
    )
}

/// Whether the tables are those of this version; an error: nothing can be read from them.
pub(super) async fn schema(db: &DatabaseConnection) -> Result<Check, Check> {
    const NAME: &str = "schema";
    let failed = |error: DbErr| Check::failure(NAME, error);
    if !schema::is_store(db).await.map_err(failed)? {
        let message = "there is no store in this database: `keyward serve` or `keyward migrate` \
                       makes one";
        return Err(Check::failure(NAME, message));
    }
    let moment = begin_read(db).await.map_err(failed)?;
    let applied = schema::newest_applied(&moment).await.map_err(failed)?;
    moment.commit().await.map_err(failed)?;
    let newest = schema::newest_migration();
    match applied.cmp(&newest) {
        std::cmp::Ordering::Equal => Ok(Check::ok(NAME, newest)),
        std::cmp::Ordering::Less => {
            let message = format!("{applied}: the next start brings it to {newest}");
            Err(Check::notice(NAME, message))
        }
        std::cmp::Ordering::Greater => {
            let message = format!("{applied}: a newer version of Keyward made it");
            Err(Check::failure(NAME, message))
        }
    }
}

/// What is wrong with the variables of the first administrator matters while there is nobody.
pub(super) async fn first_admin(db: &DatabaseConnection, error: &ConfigError) -> Check {
    const NAME: &str = "first administrator";
    match has_user(db).await {
        Ok(true) => Check::notice(NAME, format!("{error}; nothing depends on it any more")),
        Ok(false) => Check::failure(NAME, error),
        Err(failed) => Check::failure(NAME, failed),
    }
}

/// What a server of PostgreSQL says of itself.
pub(super) async fn server(
    db: &DatabaseConnection,
    config: &DatabaseConfig,
    clock: &Clock,
) -> Vec<Check> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Vec::new();
    }
    let is_near = match Address::parse(config.url.expose()) {
        Ok(Address::Postgres(server)) => server.is_on_this_machine(),
        _ => false,
    };
    match ask(db).await {
        Ok(said) => said.checks(is_near, db.is_behind_pooler(), clock.now()),
        Err(error) => vec![Check::failure("server", error)],
    }
}

/// Whether changes of other servers are notified. None: there are no others.
pub(super) async fn notifications(db: &DatabaseConnection) -> Option<Check> {
    const NAME: &str = "notifications";
    let Some(listen) = &db.outside_pool()?.listen else {
        let message = "a pooler passes none on: changes of other servers are seen a quarter of a \
                       second later. Name the PostgreSQL behind it in DATABASE_LISTEN_URL";
        return Some(Check::notice(NAME, message));
    };
    Some(match listen::arrives(db, listen).await {
        Ok(true) => Check::ok(NAME, "they arrive"),
        Ok(false) => {
            let message = "none arrives: DATABASE_LISTEN_URL leads to a pooler, or to another \
                           database";
            Check::warning(NAME, message)
        }
        Err(error) => Check::warning(NAME, format!("DATABASE_LISTEN_URL: {error}")),
    })
}

/// What it answered.
struct Said {
    is_standby: bool,
    is_encrypted: bool,
    /// `synchronous_commit`.
    commits: String,
    now: OffsetDateTime,
}

async fn ask(db: &DatabaseConnection) -> Result<Said, DbErr> {
    const SQL: &str = "SELECT pg_is_in_recovery() AS standby, \
        COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS ssl, \
        current_setting('synchronous_commit') AS commits, clock_timestamp() AS now";
    let statement = Statement::from_string(DbBackend::Postgres, SQL);
    let row = db.query_one_raw(statement).await?;
    let row = row.ok_or_else(|| DbErr::RecordNotFound("an answer".to_owned()))?;
    Ok(Said {
        is_standby: row.try_get("", "standby")?,
        is_encrypted: row.try_get("", "ssl")?,
        commits: row.try_get("", "commits")?,
        now: row.try_get("", "now")?,
    })
}

impl Said {
    fn checks(self, is_near: bool, is_pooled: bool, now: OffsetDateTime) -> Vec<Check> {
        let Self { is_standby, is_encrypted, commits, now: theirs } = self;
        let role = if is_standby {
            Check::failure("primary", "it is a standby, which takes no changes")
        } else {
            Check::ok("primary", "it takes changes")
        };
        let encryption = match (is_encrypted, is_near, is_pooled) {
            // What it says is about the way from the pooler to it.
            (_, _, true) => None,
            (true, ..) => Some(Check::ok("encryption on the way", "TLS")),
            (false, true, _) => Some(Check::ok("encryption on the way", "none is needed here")),
            (false, false, _) => {
                let message = "none: DATABASE_URL says so by its sslmode";
                Some(Check::warning("encryption on the way", message))
            }
        };
        let durability = if commits == "off" {
            let message = "synchronous_commit is off: a crash of the database takes back what was \
                           answered, also revocations";
            Check::failure("durability", message)
        } else {
            Check::ok("durability", format!("synchronous_commit is {commits}"))
        };
        let off = (theirs - now).whole_seconds();
        let time = if off.abs() <= SKEW {
            Check::ok("clock", "that of the database is the same")
        } else {
            let message = format!("that of the database is {off} s ahead of that of this machine");
            Check::warning("clock", message)
        };
        [Some(role), encryption, Some(durability), Some(time)].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::super::Level;
    use super::*;

    fn levels(change: impl FnOnce(&mut Said), is_near: bool, is_pooled: bool) -> Vec<Level> {
        let now = OffsetDateTime::UNIX_EPOCH;
        let mut said =
            Said { is_standby: false, is_encrypted: true, commits: "on".to_owned(), now };
        change(&mut said);
        said.checks(is_near, is_pooled, now).into_iter().map(|check| check.level).collect()
    }

    #[test]
    fn what_a_server_says_of_itself_is_judged() {
        use Level::{Failure, Ok, Warning};
        assert_eq!(levels(|_| (), false, false), [Ok; 4]);
        assert_eq!(levels(|said| said.is_standby = true, true, false), [Failure, Ok, Ok, Ok]);
        let plain = |said: &mut Said| said.is_encrypted = false;
        assert_eq!(levels(plain, false, false), [Ok, Warning, Ok, Ok]);
        assert_eq!(levels(plain, true, false), [Ok; 4]);
        assert_eq!(levels(plain, false, true), [Ok; 3], "nothing is known of it");
        let lost = |said: &mut Said| said.commits = "off".to_owned();
        assert_eq!(levels(lost, false, false), [Ok, Ok, Failure, Ok]);
        for (off, level) in [(5, Ok), (-5, Ok), (6, Warning), (-3_600, Warning)] {
            let ahead = |said: &mut Said| said.now += Duration::seconds(off);
            assert_eq!(levels(ahead, false, false)[3], level, "{off}");
        }
    }
}
