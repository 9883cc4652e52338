//! Whether the process lives, and whether it can do its work.

use axum::extract::State;
use keyward_migration::{Migrator, MigratorTrait};

use crate::error::Error;
use crate::state::AppState;

/// The process answers.
#[utoipa::path(get, path = "/livez", tag = "health", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The database answers and has every migration. Verification goes on without it.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = String), (status = 503))
)]
pub async fn readyz(State(state): State<AppState>) -> Result<&'static str, Error> {
    let missing = Migrator::get_pending_migrations(&state.db).await?;
    if missing.is_empty() {
        Ok("ok")
    } else {
        Err(Error::Store(sea_orm::DbErr::Migration(format!(
            "{} migrations missing",
            missing.len()
        ))))
    }
}
