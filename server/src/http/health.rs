//! Whether the process lives, and whether it can do its work.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use keyward_core::set::SetName;
use keyward_migration::{Migrator, MigratorTrait};
use tokio::sync::Mutex;

use crate::database::{DatabaseConnection, StoreError};
use crate::encryption::Keyring;
use crate::http::error::Error;
use crate::keys::{Registry, generation};
use crate::recent::Recent;
use crate::replicas::Membership;
use crate::session::people::People;

/// A store that takes longer than that is not ready, whether it will answer or not.
const TIMEOUT: Duration = Duration::from_secs(1);

/// What tells whether the server can do its work. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<HealthParts>);

/// The parts of [`Health`].
pub struct HealthParts {
    pub db: DatabaseConnection,
    pub keyring: Keyring,
    pub keys: Registry,
    pub people: People,
    pub membership: Membership,
    /// Whether the store can be used; on failure, why not.
    pub readiness: Recent<Result<(), StoreError>>,
    /// Held while it is tried whether the store takes writes.
    pub write_attempt: Arc<Mutex<()>>,
    /// Whether the server is to stop, and takes no more than it must.
    pub is_stopping: AtomicBool,
}

impl From<HealthParts> for Health {
    fn from(parts: HealthParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Health {
    type Target = HealthParts;

    fn deref(&self) -> &HealthParts {
        &self.0
    }
}

/// The process answers.
#[utoipa::path(get, path = "/livez", operation_id = "getLiveness", tag = "health", responses((status = 200, body = String)))]
pub async fn livez() -> &'static str {
    "ok"
}

/// The database answers and takes writes, has every migration, and its active key opens; this
/// server, if it is one of several, holds a lease and so accepts keys; and it was not asked to
/// stop. Anybody may ask, so the database is asked for all of them together, a few times a second.
#[utoipa::path(
    get, path = "/readyz", operation_id = "getReadiness", tag = "health",
    responses((status = 200, body = String))
)]
pub async fn readyz(State(health): State<Health>) -> Result<&'static str, Error> {
    if health.is_stopping.load(Ordering::Relaxed) {
        return Err(Error::Stopping);
    }
    let membership = health.membership.clone();
    // In a task of its own: one who hangs up leaves the answer to the next, and no question.
    let asked = tokio::spawn(async move {
        let check = async || {
            let late = |_| Err(StoreError::TimedOut(TIMEOUT));
            tokio::time::timeout(TIMEOUT, check(&health)).await.unwrap_or_else(late)
        };
        health.readiness.get(check).await
    });
    let checked = asked.await.map_err(|stopped| Error::Internal(stopped.to_string()))?;
    checked?;
    // Last, since what is wrong with the store is why there is none.
    if membership.is_leased() { Ok("ok") } else { Err(Error::NoLease) }
}

async fn check(health: &HealthParts) -> Result<(), StoreError> {
    let missing = Migrator::get_pending_migrations_read_only(&health.db).await?;
    if !missing.is_empty() {
        return Err(StoreError::Outdated(missing.len()));
    }
    health.keyring.check(&health.db).await.map_err(|error| match error.into() {
        // Of a server that cannot seal, not of a fault in it.
        StoreError::Encryption(reason) => StoreError::Unusable(reason),
        other => other,
    })?;
    for (name, is_altered) in
        [(SetName::Keys, health.keys.altered()), (SetName::People, health.people.altered())]
    {
        if is_altered {
            return Err(StoreError::Altered(name));
        }
    }
    if let Some(error) = health.keys.watermark().failure() {
        return Err(error);
    }
    write(health).await
}

/// Behind a writer that takes its time, such as a rotation, the store is as ready as it was.
/// One attempt at a time waits for such a writer, and keeps its connection for so long.
async fn write(health: &HealthParts) -> Result<(), StoreError> {
    let Ok(turn) = health.write_attempt.clone().try_lock_owned() else { return Ok(()) };
    let db = health.db.clone();
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
