//! Which keys may need a person, for the overview.

use std::sync::Arc;

use keyward_api::keys::ApiKey;

use super::listing::Survey;
use super::row::StoredKey;
use super::{Registry, store};
use crate::database::StoreError;

impl Registry {
    /// What of all keys may need a person now.
    pub async fn survey(&self) -> Result<Survey, StoreError> {
        let (inner, now) = (self.0.clone(), self.0.clock.now());
        let found = self.0.list_thread.run(move || inner.listing.survey(now)).await;
        found.ok_or_else(|| StoreError::unanswered("the walk over the keys"))
    }

    /// Of these keys, each of which replaced one that is still accepted, those whose old key was
    /// used since.
    pub async fn with_used_old_key(&self, ids: &[Arc<str>]) -> Result<Vec<ApiKey>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.iter().map(|id| &**id);
        let stored = store::get_many(&self.0.db, &self.0.rows, ids).await?;
        let mut keys: Vec<ApiKey> = Vec::new();
        for StoredKey { record, updated_at, .. } in stored.into_values().flatten() {
            let record = self.with_uses(self.shown(record));
            let used = record.overlap.as_ref().and_then(|overlap| overlap.last_used_at);
            // Nothing changed the row since the rotation, or later than the rotation: what is
            // newer was used after it. In whole seconds, as uses are.
            if used.is_some_and(|used| used > updated_at.truncate_to_second()) {
                keys.push(record);
            }
        }
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(keys)
    }
}
