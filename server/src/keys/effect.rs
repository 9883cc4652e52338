//! From a change that was asked for to one that is in effect on every server.

use keyward_api::replicas::Effective;
use keyward_core::lease::Commit;

use super::registry::Registry;
use crate::background::with_timeout;
use crate::database::{StoreError, begin_read};
use crate::replicas::acknowledge::seen_change;

impl Registry {
    /// Waits until a change that was made here is in effect on every server.
    pub(super) async fn in_effect(
        &self,
        commit: Option<Commit>,
    ) -> Result<Option<Effective>, StoreError> {
        let Some(commit) = commit else { return Ok(None) };
        let inner = self.0.clone();
        // Also when nobody waits any more, so that a silent server is waited for once.
        let waited = async move { inner.membership.wait(&inner.db, commit).await };
        let waited = tokio::spawn(waited).await;
        waited.unwrap_or_else(|_| Err(StoreError::Unknown("its task has ended"))).map(Some)
    }

    /// Waits until what is stored is in effect on every server: before somebody is answered that
    /// what they take away is gone already.
    pub async fn settle(&self) -> Result<(), StoreError> {
        let seen = with_timeout(async { seen_change(begin_read(&self.0.db).await?).await }).await?;
        self.in_effect(seen).await.map(drop)
    }
}
