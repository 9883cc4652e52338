//! `keyward doctor`: whether an installation is as it should be, from the configuration to the last
//! stored row. It changes nothing, and makes nothing that is not there.
//!
//! Each check is one line. Where one fails on which others depend, the others are left out: what
//! cannot be looked at is neither good nor bad.
//!
//! | module | what |
//! |---|---|
//! | [`machine`] | files, disk and addresses of this machine |
//! | [`database`] | the database, before anything in it is read |
//! | [`stored`] | what is stored, with the root key |

pub mod database;
pub mod machine;
pub mod stored;

use serde::Serialize;

use crate::clock::Clock;
use crate::config::{Config, Environment, Flags};
use crate::database::Opening;

/// How it stands with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Notice,
    /// Less safe than it should be, or something will break.
    Warning,
    /// Something is broken.
    Failure,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at.
    pub check: &'static str,
    pub level: Level,
    pub message: String,
}

impl Check {
    fn new(level: Level, check: &'static str, message: impl ToString) -> Self {
        Self { check, level, message: message.to_string() }
    }

    fn ok(check: &'static str, message: impl ToString) -> Self {
        Self::new(Level::Ok, check, message)
    }

    fn notice(check: &'static str, message: impl ToString) -> Self {
        Self::new(Level::Notice, check, message)
    }

    fn warning(check: &'static str, message: impl ToString) -> Self {
        Self::new(Level::Warning, check, message)
    }

    fn failure(check: &'static str, error: impl ToString) -> Self {
        Self::new(Level::Failure, check, error)
    }
}

/// Looks at everything.
pub async fn examine(flags: &Flags, env: Environment<'_>, clock: &Clock) -> Vec<Check> {
    let mut found = Vec::new();
    let config = match Config::load(flags, env) {
        Ok(config) => config,
        Err(error) => return vec![Check::failure("configuration", error)],
    };
    found.push(Check::ok("configuration", "every variable is understood"));
    found.extend(machine::files(env, &config.store.database));
    found.push(machine::address(&config.http));
    found.extend(machine::disk(&config.store.database));
    let db = match crate::database::connect(&config.store.database, Opening::Command).await {
        Ok(db) => db,
        Err(error) => {
            found.push(Check::failure("database", error));
            return found;
        }
    };
    found.push(database::kind(&db, &config.store.database));
    match database::schema(&db).await {
        Ok(check) => found.push(check),
        Err(check) => {
            found.push(check);
            return found;
        }
    }
    if let Err(error) = &config.admin {
        found.push(database::first_admin(&db, error).await);
    }
    let server = database::server(&db, &config.store.database, clock).await;
    let is_broken = server.iter().any(|check| check.level == Level::Failure);
    found.extend(server);
    found.extend(database::notifications(&db).await);
    if is_broken {
        return found;
    }
    found.extend(stored::everything(&db, &config, clock).await);
    found
}
