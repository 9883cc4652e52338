//! Work that goes on beside the requests, and how long it may take.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::database::StoreError;

/// How long one piece of work on the database may take.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Does `work` again and again until `stop` is set, which also drops what is under way.
pub async fn repeat<F: Future<Output = Result<(), StoreError>>>(
    pace: Duration,
    what: &str,
    mut stop: watch::Receiver<bool>,
    work: impl Fn() -> F,
) {
    let mut pace = tokio::time::interval(pace);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = pace.tick() => (),
            // Set, or its sender is gone.
            _ = stop.changed() => break,
        }
        tokio::select! {
            done = work() => if let Err(error) = done {
                tracing::warn!(%error, "could not {what}; trying again");
            },
            _ = stop.changed() => break,
        }
    }
}

/// A database that neither answers nor hangs up must not hold the keys for ever.
pub async fn with_timeout<T, E: Into<StoreError>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(StoreError::TimedOut(LIMIT)),
    }
}
