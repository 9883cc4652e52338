//! What goes on beside the requests: following what other processes changed, and writing what
//! verifications left.

use std::time::Duration;

use tokio::sync::watch;

use super::known_keys::KnownKeys;
use super::last_used;
use super::registry::Registry;
use crate::background::{repeat, with_timeout};
use crate::database::StoreError;

/// How often this process looks whether another one changed the keys.
pub const POLL: Duration = Duration::from_secs(1);

impl Registry {
    /// Follows what other processes changed. What was changed from outside is not followed: the
    /// keys stay as they were last known to be good, and [`Registry::altered`] tells.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut known = self.0.known.lock().await;
        let looked = match self.0.apply_changes(&mut known).await {
            Ok(()) => Ok(()),
            Err(StoreError::Altered(name)) => Err(name),
            Err(error) => return Err(error),
        };
        let KnownKeys { altered, audit, db, .. } = &*self.0;
        altered.report(looked, audit, db).await
    }

    /// Whether the stored keys were changed from outside since they were followed last.
    pub fn altered(&self) -> bool {
        self.0.altered.is_set()
    }

    /// Writes the last uses, and what was verified.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let uses = self.flush_uses().await;
        let KnownKeys { traffic, db, clock, .. } = &*self.0;
        with_timeout(traffic.flush(db, clock.now())).await?;
        uses
    }

    pub(super) async fn flush_uses(&self) -> Result<(), StoreError> {
        with_timeout(self.0.last_used.flush(&self.0.db)).await
    }

    /// Looks for foreign changes, writes what verifications left and follows the uses that others
    /// wrote, each at its own pace, until `stop` is set; then writes once more. Failures are
    /// logged and tried again.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), StoreError> {
        let refresh = repeat(POLL, "look for changed keys", stop.clone(), || self.refresh());
        let flush = repeat(last_used::INTERVAL, "write the last uses of keys", stop, async || {
            self.flush().await?;
            self.apply_uses().await
        });
        tokio::join!(refresh, flush);
        self.flush().await
    }

    /// Stays one of the servers of the store until `stop` is set, then leaves it.
    pub async fn stay_member(&self, stop: watch::Receiver<bool>) {
        Box::pin(self.0.membership.run(stop, || self.refresh())).await;
    }
}
