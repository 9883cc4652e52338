//! From what is stored to what is in memory: all keys at a start, and those that other
//! processes changed.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::{TryStreamExt, pin_mut};
use sea_orm::DbErr;

use super::registry::Inner;
use super::row::StoredKey;
use super::verify::CachedKey;
use super::{revision, store};
use crate::background::in_time;
use crate::database::begin_read;

impl Inner {
    /// Whether the key can authenticate from now on.
    pub(super) fn show(&self, key: &StoredKey) -> bool {
        let before = self.cache.get(&key.record.id);
        let (current, former) = CachedKey::of(key, &before, &self.clock);
        self.cache.insert(&current.1.id.clone(), current, former).is_ok()
    }

    /// Reads the keys with these ids anew. `false`: that is not enough.
    pub(super) async fn follow(&self, changed: Option<Vec<String>>) -> Result<bool, DbErr> {
        let Some(changed) = changed.filter(|_| !self.has_conflicts.load(Ordering::Relaxed)) else {
            return Ok(false);
        };
        for id in changed {
            let followed = match store::get(&self.db, &id).await? {
                Some(Ok(key)) => self.show(&key),
                // One that cannot be read is counted and logged where all are read.
                Some(Err(_)) => false,
                None => self.cache.remove(&id),
            };
            if !followed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// One row after the other, so that a million keys are never in memory twice. It may take
    /// long, and only ends in between if the database falls silent.
    pub(super) async fn reload(&self, known: &mut Option<String>) -> Result<(), DbErr> {
        // Before the rows: a change in between is seen by the next poll.
        let revision = in_time(revision::current(&self.db)).await?;
        let mut gone: HashSet<Arc<str>> = self.cache.ids().into_iter().collect();
        let (mut conflicting, mut unreadable) = (Vec::new(), 0);
        let moment = in_time(begin_read(&self.db)).await?;
        let stored = in_time(store::stream(&moment)).await?;
        pin_mut!(stored);
        while let Some(key) = in_time(stored.try_next()).await? {
            match key {
                Ok(key) => {
                    gone.remove(key.record.id.as_str());
                    if !self.show(&key) {
                        conflicting.push(key);
                    }
                }
                Err(row) => {
                    unreadable += 1;
                    let record = &row.record;
                    tracing::error!(
                        key_id = record.id,
                        name = record.name,
                        "stored API key cannot be read: {}",
                        row.reason
                    );
                }
            }
        }
        for id in gone {
            self.cache.remove(&id);
        }
        // Twice again, since a digest may be free only after the row that had it before is
        // shown, or gone.
        conflicting.retain(|key| !self.show(key));
        conflicting.retain(|key| !self.show(key));
        for key in &conflicting {
            let id = &key.record.id;
            tracing::error!(key_id = id, "another key has the same digest: it cannot authenticate");
        }
        self.has_conflicts.store(!conflicting.is_empty(), Ordering::Relaxed);
        self.unreadable.store(unreadable, Ordering::Relaxed);
        *known = revision;
        Ok(())
    }
}
