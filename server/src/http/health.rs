//! Whether the process lives, and whether it can do its work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use keyward_core::set::SetName;
use keyward_migration::{Migrator, MigratorTrait};

use crate::database::StoreError;
use crate::http::error::Error;
use crate::keys::generation;
use crate::state::AppState;

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
            let late = |_| Err(StoreError::TimedOut(TIMEOUT));
            tokio::time::timeout(TIMEOUT, check(&state)).await.unwrap_or_else(late)
        };
        state.readiness.get(check).await
    });
    let checked = asked.await.map_err(|stopped| Error::Internal(stopped.to_string()))?;
    Ok(checked.map(|()| "ok")?)
}

async fn check(state: &AppState) -> Result<(), StoreError> {
    let missing = Migrator::get_pending_migrations_read_only(&state.db).await?;
    if !missing.is_empty() {
        return Err(StoreError::Outdated(missing.len()));
    }
    state.keyring.check(&state.db).await?;
    for (name, is_altered) in
        [(SetName::Keys, state.keys.altered()), (SetName::People, state.people.altered())]
    {
        if is_altered {
            return Err(StoreError::Altered(name));
        }
    }
    write(state).await
}

/// Behind a writer that takes its time, such as a rotation, the store is as ready as it was.
/// One attempt at a time waits for such a writer, and keeps its connection for so long.
async fn write(state: &AppState) -> Result<(), StoreError> {
    let Ok(turn) = state.write_attempt.clone().try_lock_owned() else { return Ok(()) };
    let db = state.db.clone();
    let attempt = tokio::spawn(async move {
        let written = generation::try_write(&db).await;
        drop(turn);
        written
    });
    match tokio::time::timeout(TIMEOUT / 2, attempt).await {
        Ok(Ok(written)) => Ok(written?),
        Ok(Err(error)) => Err(StoreError::stopped("the attempt to write", error)),
        Err(_) => Ok(()),
    }
}
