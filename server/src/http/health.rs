//! Whether the process lives, and whether it can do its work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use keyward_migration::{Migrator, MigratorTrait};
use sea_orm::DbErr;

use crate::authenticity::store::SetError;
use crate::encryption::error::KeyringError;
use crate::http::error::Error;
use crate::keys::generation;
use crate::state::AppState;
use keyward_core::set::SetName;

/// A store that takes longer than that is not ready, whether it will answer or not.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The process answers.
#[utoipa::path(get, path = "/livez", operation_id = "getLiveness", tag = "health", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The database answers and takes writes, has every migration, and its active key opens; and the server was
/// not told to stop. Verification goes on without all that. Anybody may ask, so the database
/// is asked for all of them together, a few times a second.
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "health",
    responses((status = 200, body = String))
)]
pub async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Error::Stopping);
    }
    // In a task of its own: one who hangs up leaves the answer to the next, and no question.
    let asked = tokio::spawn(async move {
        let check = async || {
            let late = format!("no answer within {} s", TIMEOUT.as_secs());
            let late = |_| Err(NotReady::Store(late));
            tokio::time::timeout(TIMEOUT, check(&state)).await.unwrap_or_else(late)
        };
        state.readiness.get(check).await
    });
    let checked = asked.await.map_err(|stopped| Error::Internal(stopped.to_string()))?;
    Ok(checked.map(|()| "ok")?)
}

/// Why the server cannot do its work; kept for those who ask soon after.
#[derive(Clone, Debug)]
pub enum NotReady {
    /// The store does not answer, or not as it must.
    Store(String),
    /// Rows that carry authority were changed from outside.
    Altered(SetName),
    /// The root key was changed while this server ran: the stored key that does not open under
    /// its own, and the root key that it wants.
    FormerRootKey {
        /// The id of the data key.
        key: String,
        /// The id of the root key.
        wanted: String,
    },
}

impl From<DbErr> for NotReady {
    fn from(error: DbErr) -> Self {
        Self::Store(error.to_string())
    }
}

impl From<KeyringError> for NotReady {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::FormerRootKey { key, wanted } => Self::FormerRootKey { key, wanted },
            error if error.is_about_the_keys() => Self::Altered(SetName::Vault),
            other => Self::Store(other.to_string()),
        }
    }
}

impl From<NotReady> for Error {
    fn from(problem: NotReady) -> Self {
        match problem {
            NotReady::Store(problem) => Self::Store(DbErr::Custom(problem)),
            NotReady::Altered(name) => Self::Altered(SetError::Altered(name)),
            NotReady::FormerRootKey { key, wanted } => {
                KeyringError::FormerRootKey { key, wanted }.into()
            }
        }
    }
}

async fn check(state: &AppState) -> Result<(), NotReady> {
    let missing = Migrator::get_pending_migrations_read_only(&state.db).await?;
    if !missing.is_empty() {
        return Err(NotReady::Store(format!("{} migrations missing", missing.len())));
    }
    state.keyring.check(&state.db).await?;
    for (name, is_altered) in
        [(SetName::Keys, state.keys.altered()), (SetName::People, state.people.altered())]
    {
        if is_altered {
            return Err(NotReady::Altered(name));
        }
    }
    write(state).await
}

/// Behind a writer that takes its time, such as a rotation, the store is as ready as it was.
/// One attempt at a time waits for such a writer, and keeps its connection for so long.
async fn write(state: &AppState) -> Result<(), NotReady> {
    let Ok(turn) = state.write_attempt.clone().try_lock_owned() else { return Ok(()) };
    let db = state.db.clone();
    let attempt = tokio::spawn(async move {
        let written = generation::try_write(&db).await;
        drop(turn);
        written
    });
    match tokio::time::timeout(TIMEOUT / 2, attempt).await {
        Ok(Ok(written)) => Ok(written?),
        Ok(Err(stopped)) => Err(NotReady::Store(stopped.to_string())),
        Err(_) => Ok(()),
    }
}
