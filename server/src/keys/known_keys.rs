//! The keys as this process knows them, and a change of them under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as SyncMutex};

use futures_util::{TryStreamExt, pin_mut};
use keyward_core::cache::Cache;
use keyward_core::digest::KeyDigest;
use keyward_core::lease::Commit;
use keyward_core::row::RowKey;
use keyward_core::set::{SetName, SetState};
use time::OffsetDateTime;
use tokio::sync::{Mutex, MutexGuard};

use super::altered::Watch;
use super::cached_key::CachedKey;
use super::changes;
use super::error::KeyError;
use super::last_used::LastUsed;
use super::listing::{ListThread, Listing};
use super::manager::Manager;
use super::members::{Loaded, Members};
use super::row::id_of;
use super::rows::KeyRows;
use super::store;
use super::traffic::Traffic;
use crate::audit::{Actor, AuditLog, Event};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};
use crate::replicas::Membership;
use crate::watermark::Watermark;

/// Keys whose digest another one has, by their ids, and the digests that each has.
pub(super) type Conflicts = BTreeMap<Arc<str>, Vec<KeyDigest>>;

pub(super) struct KnownKeys {
    pub(super) db: DatabaseConnection,
    /// To follow what others changed, whatever requests do.
    pub(super) beside: DatabaseConnection,
    pub(super) clock: Clock,
    pub(super) audit: AuditLog,
    pub(super) rows: RowKey,
    /// This server among those of the store.
    pub(super) membership: Membership,
    /// The rows of the set that the cache shows.
    pub(super) members: Arc<Members>,
    pub(super) cache: Arc<Cache<CachedKey>>,
    pub(super) last_used: Arc<LastUsed>,
    pub(super) traffic: Arc<Traffic>,
    pub(super) listing: Listing,
    pub(super) list_thread: ListThread,
    /// The set that the cache shows. Held while the keys are changed or loaded.
    pub(super) known: Mutex<Option<SetState>>,
    /// What was found of a set that does not hold, until one is found that does.
    pub(super) altered: Watch,
    /// Keys whose digest another one has, so that they are not in the cache; and their digests.
    pub(super) conflicts: SyncMutex<Conflicts>,
    /// Whether only the keys that are changed here are in the cache.
    pub(super) is_partial: bool,
    /// What this machine keeps outside of the database.
    pub(super) watermark: Watermark,
    /// The listing shows the uses that were written before this time.
    pub(super) uses_seen: SyncMutex<OffsetDateTime>,
}

/// A change under way: everything else that changes keys waits for it.
pub(super) struct Change<'a> {
    pub(super) keys: KeyRows,
    /// What the one who asks for it may give.
    pub(super) manager: Manager,
    known: MutexGuard<'a, Option<SetState>>,
}

impl KnownKeys {
    /// Begins a change of the keys as they are known here: what other processes changed is
    /// followed first, so that a row which is not the one that Keyward wrote last is reported.
    pub(super) async fn begin(&self, actor: &Actor) -> Result<Change<'_>, KeyError> {
        let mut known = self.known.lock().await;
        self.membership.expect_history()?;
        let before = self.before();
        let keys = KeyRows::begin(&self.db, &self.rows, self.members.clone()).await?;
        let set = keys.before();
        self.audit.expect_present(keys.transaction(), SetName::Keys, set.n).await?;
        if self.is_partial {
            self.look_at_all(&keys).await?;
        } else if *known != Some(set) {
            self.apply_changes_at(keys.transaction(), &mut known, set, before).await?;
        }
        let manager = changes::manager(&keys, actor).await?;
        Ok(Change { keys, manager, known })
    }

    /// Learns the rows of the set, for a command that has loaded none.
    async fn look_at_all(&self, keys: &KeyRows) -> Result<(), StoreError> {
        let mut loaded = Loaded::default();
        {
            let found = store::stream(keys.transaction(), &self.rows).await?;
            pin_mut!(found);
            while let Some(row) = found.try_next().await? {
                loaded.add(&id_of(&row.key), &row);
            }
        }
        let members = loaded.members_of(&keys.before());
        self.members.replace(members.ok_or(StoreError::Altered(SetName::Keys))?);
        Ok(())
    }

    /// Records, commits and shows the change. Rule 3: only when the set was the one this
    /// process knew does it know the one after it.
    pub(super) async fn commit(
        &self,
        change: Change<'_>,
        event: Event,
        apply: impl FnOnce(&Self),
    ) -> Result<Commit, KeyError> {
        let Change { keys, mut known, .. } = change;
        let before = keys.before();
        let (after, changed, commit) = keys.commit(&self.audit, event).await?;
        self.members.set(&changed.id, changed.mac);
        self.watermark.note(changed.marks);
        self.watermark.saw(changed.position);
        apply(self);
        let kept = self.watermark.keep().await;
        if *known == Some(before) {
            *known = Some(after);
            // Acknowledged to other servers only when it is kept; else the next look does both.
            if kept.is_ok() {
                self.membership.made(commit.change);
            }
        }
        if self.is_partial {
            kept?;
            return Ok(commit);
        }
        // A row that shares its digest with another may have its turn now.
        if let Err(error) = self.retry_conflicting(&self.db).await {
            // The change is made; the next look for changes loads everything.
            tracing::warn!(%error, "the keys could not be loaded again");
            *known = None;
        }
        kept?;
        Ok(commit)
    }
}
