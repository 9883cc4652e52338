//! Keys whose digest another one has: nobody could tell them apart, so only one authenticates.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use sea_orm::ConnectionTrait;

use super::known_keys::{Conflicts, KnownKeys};
use super::row::{ReadKey, StoredKey, id_of};
use super::store;
use crate::background::with_timeout;
use crate::database::StoreError;

/// Keys that are read at a time.
const CHUNK: usize = 512;

impl KnownKeys {
    pub(super) fn conflicts(&self) -> MutexGuard<'_, Conflicts> {
        self.conflicts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That one of two rows with a digest goes revokes nothing.
    pub(super) fn has_conflict(&self, id: &Arc<str>, key: &StoredKey) {
        let digests = key.former.into_iter().chain([key.digest]).collect();
        let mut conflicts = self.conflicts();
        conflicts.insert(id.clone(), digests);
        self.watermark.share(conflicts.values().flatten().copied());
    }

    pub(super) fn has_no_conflict(&self, id: &str) {
        let mut conflicts = self.conflicts();
        if conflicts.remove(id).is_some() {
            self.watermark.share(conflicts.values().flatten().copied());
        }
    }

    fn apply_rows(&self, ids: &[&str], stored: &HashMap<String, ReadKey>) {
        for id in ids.iter().filter(|id| !stored.contains_key(**id)) {
            self.remove(id);
        }
        for key in stored.values() {
            self.cache_read(&id_of(key), key);
        }
    }

    /// Tries the keys again whose digest another one had: it may be free now.
    pub(super) async fn retry_conflicting(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<(), StoreError> {
        let ids: Vec<Arc<str>> = self.conflicts().keys().cloned().collect();
        for ids in ids.chunks(CHUNK) {
            let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
            let stored = with_timeout(store::get_many(db, &self.rows, ids.iter().copied())).await?;
            self.apply_rows(&ids, &stored);
        }
        Ok(())
    }
}
