//! Whether the process lives, and whether it can do its work.

use std::sync::atomic::Ordering;

use axum::extract::State;
use keyward_migration::{Migrator, MigratorTrait};

use crate::error::Error;
use crate::state::AppState;

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The database answers, has every migration, and its active key opens; and the server was
/// not told to stop. Verification goes on without all that.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = String), (status = 503))
)]
pub async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    if state.is_stopping.load(Ordering::Relaxed) {
        return Err(Error::Stopping);
    }
    let missing = Migrator::get_pending_migrations_read_only(&state.db).await?;
    if !missing.is_empty() {
        let text = format!("{} migrations missing", missing.len());
        return Err(Error::Store(sea_orm::DbErr::Migration(text)));
    }
    state.keyring.check(&state.db).await.map_err(|error| match error {
        error if error.is_about_the_server() => error.into(),
        other => Error::Store(sea_orm::DbErr::Custom(other.to_string())),
    })?;
    Ok("ok")
}
