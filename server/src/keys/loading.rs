//! From what is stored to what is in memory: all keys at a start, and those that other
//! processes changed. What is no longer accepted goes first: a key that was revoked does not
//! wait until others are read.

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{TryStreamExt, pin_mut};
use sea_orm::DbErr;

use super::Registry;
use super::registry::Inner;
use super::row::{ReadKey, StoredKey, UnreadableKey};
use super::verify::CachedKey;
use super::{generation, store};
use crate::background::in_time;
use crate::database::begin_read;

/// Keys that are read at a time when others changed them.
const CHUNK: usize = 512;

/// Uses that are followed at a time.
const USES: u64 = 20_000;

/// A server may write a use so much later than another one that it wrote, and its clock may
/// be behind.
const LATE: Duration = Duration::from_secs(30);

impl Inner {
    /// Verifications and lists go by this key from now on.
    pub(super) fn show(&self, key: &StoredKey) {
        let before = self.cache.get(&key.record.id);
        let (current, former) = CachedKey::of(key, &before, &self.clock);
        let id = current.1.id.clone();
        self.listing.put(&id, &key.record);
        let mut conflicts = self.conflicts();
        match self.cache.insert(&id, current, former) {
            Ok(()) => conflicts.remove(&id),
            Err(_) => conflicts.insert(id),
        };
    }

    /// No verification accepts this key any more, and no list shows it.
    pub(super) fn remove(&self, id: &str) {
        self.cache.remove(id);
        self.listing.remove(id);
        self.conflicts().remove(id);
    }

    fn show_unreadable(&self, row: &UnreadableKey) {
        let record = &row.record;
        self.cache.remove(&record.id);
        self.conflicts().remove(record.id.as_str());
        self.listing.put(&record.id.as_str().into(), record);
        let (key_id, name, reason) = (&record.id, &record.name, &row.reason);
        tracing::error!(key_id, name, "stored API key cannot be read: {reason}");
    }

    fn show_read(&self, key: &ReadKey) {
        match key {
            Ok(key) => self.show(key),
            Err(row) => self.show_unreadable(row),
        }
    }

    /// Reads the keys with these ids again, first those that are known here: only they can
    /// have been revoked.
    pub(super) async fn follow(&self, changed: &[String]) -> Result<(), DbErr> {
        for ids in known_first(changed, |id| self.listing.contains(id)).chunks(CHUNK) {
            let stored = in_time(store::get_many(&self.db, ids.iter().copied())).await?;
            self.show_changed(ids, &stored);
        }
        self.show_conflicting().await
    }

    fn show_changed(&self, ids: &[&str], stored: &HashMap<String, ReadKey>) {
        for id in ids.iter().filter(|id| !stored.contains_key(**id)) {
            self.remove(id);
        }
        for key in stored.values() {
            self.show_read(key);
        }
    }

    /// Tries the keys again whose digest another one had: it may be free now.
    pub(super) async fn show_conflicting(&self) -> Result<(), DbErr> {
        let ids: Vec<Arc<str>> = self.conflicts().iter().cloned().collect();
        for ids in ids.chunks(CHUNK) {
            let ids: Vec<&str> = ids.iter().map(|id| &**id).collect();
            let stored = in_time(store::get_many(&self.db, ids.iter().copied())).await?;
            self.show_changed(&ids, &stored);
        }
        Ok(())
    }

    /// One row after the other, so that a million keys are never in memory twice. It may take
    /// long, and only ends in between if the database falls silent.
    pub(super) async fn reload(&self, known: &mut Option<i64>) -> Result<(), DbErr> {
        // Before the rows: a change in between is seen by the next poll.
        let generation = in_time(generation::current(&self.db)).await?;
        self.remove_gone().await?;
        self.show_stored().await?;
        // Twice, since a digest may be free only after the row that had it before is shown.
        self.show_conflicting().await?;
        self.show_conflicting().await?;
        for id in self.conflicts().iter() {
            tracing::error!(
                key_id = &**id,
                "another key has the same digest: it cannot authenticate"
            );
        }
        *known = Some(generation);
        Ok(())
    }

    async fn show_stored(&self) -> Result<(), DbErr> {
        let moment = in_time(begin_read(&self.db)).await?;
        let stored = in_time(store::stream(&moment)).await?;
        pin_mut!(stored);
        while let Some(key) = in_time(stored.try_next()).await? {
            self.show_read(&key);
        }
        Ok(())
    }

    /// Removes the keys that are no longer stored, before all others are read.
    async fn remove_gone(&self) -> Result<(), DbErr> {
        let mut gone = self.listing.ids();
        if gone.is_empty() {
            return Ok(());
        }
        let moment = in_time(begin_read(&self.db)).await?;
        let stored = in_time(store::stream_ids(&moment)).await?;
        pin_mut!(stored);
        while let Some(id) = in_time(stored.try_next()).await? {
            gone.remove(id.as_str());
        }
        for id in &gone {
            self.remove(id);
        }
        Ok(())
    }

    fn conflicts(&self) -> MutexGuard<'_, std::collections::BTreeSet<Arc<str>>> {
        self.conflicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys that are known here before those that are not.
fn known_first(ids: &[String], is_known: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_by_key(|id| !is_known(id));
    ids
}

impl Registry {
    /// Brings the order of the list up to the uses that this server and others have written.
    pub async fn follow_uses(&self) -> Result<(), DbErr> {
        let seen = || self.0.uses_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, now) = (*seen() - LATE, self.0.clock.now());
        for (id, at) in in_time(store::used_since(&self.0.db, since, USES)).await? {
            self.0.listing.used(&id, at);
        }
        *seen() = now;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_may_have_been_revoked_are_read_before_new_ones() {
        let changed = ["new 1", "known 1", "new 2", "known 2"].map(str::to_owned);
        let is_known = |id: &str| id.starts_with("known");
        assert_eq!(known_first(&changed, is_known), ["known 1", "known 2", "new 1", "new 2"]);
    }
}
