//! Whether the process lives, and whether it can do its work.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::State;
use keyward_migration::{Migrator, MigratorTrait};
use sea_orm::DbErr;

use crate::error::Error;
use crate::keys::generation;
use crate::state::AppState;

/// A store that takes longer than that is not ready, whether it will answer or not.
const PATIENCE: Duration = Duration::from_secs(1);

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The database answers and takes writes, has every migration, and its active key opens; and the server was
/// not told to stop. Verification goes on without all that. Anybody may ask, so the database
/// is asked for all of them together, a few times a second.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = String), (status = 503))
)]
pub async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Error::Stopping);
    }
    let checked = state.readiness.get(async || {
        let late = |_| Err(format!("no answer within {} s", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, check(&state)).await.unwrap_or_else(late)
    });
    checked.await.map_err(|problem| Error::Store(DbErr::Custom(problem)))?;
    Ok("ok")
}

async fn check(state: &AppState) -> Result<(), String> {
    let missing = Migrator::get_pending_migrations_read_only(&state.db).await;
    let missing = missing.map_err(|error| error.to_string())?;
    if !missing.is_empty() {
        return Err(format!("{} migrations missing", missing.len()));
    }
    state.keyring.check(&state.db).await.map_err(|error| error.to_string())?;
    // Behind a writer that takes its time, such as a rotation, the store is as ready as it was.
    let written = tokio::time::timeout(PATIENCE / 2, generation::rewrite(&state.db)).await;
    written.unwrap_or(Ok(())).map_err(|error| error.to_string())
}
