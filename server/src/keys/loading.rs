//! From what is stored to what is in memory: all keys at a start, and those that other
//! processes changed.
//!
//! 1. Nothing that was changed outside of Keyward gets in: a row has its mac, and all rows
//!    together are the authenticated set. Both are read at one moment.
//! 2. While a server runs, the rows are added up before anything changes here.
//! 3. Of several servers, none takes keys from a store whose history lacks what it knows: that is
//!    judged before anything changes here as well.
//! 4. What is no longer accepted goes first: a key that was revoked does not wait until others
//!    are read.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{TryStreamExt, pin_mut};
use keyward_core::lease::Question;
use keyward_core::set::{SetName, SetState, Tally};
use keyward_core::watermark::Position;
use sea_orm::DatabaseTransaction;

use super::cached_key::CachedKey;
use super::known_keys::KnownKeys;
use super::members::Loaded;
use super::row::{ReadKey, StoredKey, UnreadableKey, id_of, is_ours, record};
use super::{generation, store};
use crate::authenticity::store as sets;
use crate::background::with_timeout;
use crate::database::{StoreError, begin_read};

/// Keys that are read at a time when others changed them.
const CHUNK: usize = 512;

/// A set that is said to have more keys is believed when they come.
const EXPECTED: i64 = 2_000_000;

/// What is asked for before a transaction begins in which keys are read, so that what is learned
/// meanwhile is not taken for what that transaction lacks.
#[derive(Clone, Copy)]
pub(super) struct Before {
    question: Option<Question>,
    seen: Option<Position>,
}

impl KnownKeys {
    /// Verifications and lists go by this key from now on.
    pub(super) fn cache_key(&self, key: &StoredKey) {
        self.cache_as(&Arc::from(key.record.id.as_str()), key);
    }

    /// The same; all that is in memory of a key shares its id.
    fn cache_as(&self, id: &Arc<str>, key: &StoredKey) {
        let before = self.cache.get(id);
        if before[0].is_some() {
            self.note_gone(id, Some(key));
        }
        let admitted = match self.admit(key) {
            Ok(key) => key,
            Err(row) => return self.list_unreadable(id, &row),
        };
        let servers = self.membership.servers();
        let (current, former) = CachedKey::of(id, &admitted, &before, &self.clock, servers);
        self.listing.put(id, &key.record);
        self.altered.forget(id);
        if self.cache.insert(id, current, former).is_ok() {
            self.has_no_conflict(id);
        } else {
            self.has_conflict(id, key);
        }
    }

    /// No verification accepts this key any more, and no list shows it.
    pub(super) fn remove(&self, id: &str) {
        self.note_gone(id, None);
        self.cache.remove(id);
        self.listing.remove(id);
        self.altered.forget(id);
        self.has_no_conflict(id);
    }

    fn list_unreadable(&self, id: &Arc<str>, row: &UnreadableKey) {
        let record = &row.record;
        self.cache.remove(id);
        self.has_no_conflict(id);
        self.listing.put(id, record);
        if record.altered {
            self.altered.saw(record);
        }
        let (key_id, name, reason) = (&record.id, &record.name, &row.reason);
        tracing::error!(key_id, name, "stored API key cannot be read: {reason}");
    }

    pub(super) fn cache_read(&self, id: &Arc<str>, key: &ReadKey) {
        match key {
            Ok(key) => self.cache_as(id, key),
            Err(row) => self.list_unreadable(id, row),
        }
    }

    /// Follows the changes that other processes made since the set was `known`, when the keys of
    /// now add up to the set that they stored; else nothing changes here.
    pub(super) async fn apply_changes(
        &self,
        known: &mut Option<SetState>,
    ) -> Result<(), StoreError> {
        let now = with_timeout(sets::read_signed(&self.beside, SetName::Keys, &self.rows)).await?;
        if *known == Some(now) && !self.membership.must_follow() {
            return Ok(());
        }
        let before = self.before();
        let moment = with_timeout(begin_read(&self.beside)).await?;
        let now = with_timeout(sets::read_signed(&moment, SetName::Keys, &self.rows)).await?;
        self.apply_changes_at(&moment, known, now, before).await
    }

    /// What is asked for before a transaction begins in which keys are read.
    pub(super) fn before(&self) -> Before {
        Before { question: self.membership.question(), seen: self.watermark.seen() }
    }

    /// The same in a transaction that sees the keys as they were at the set `now`, and that began
    /// after `before`.
    pub(super) async fn apply_changes_at(
        &self,
        moment: &DatabaseTransaction,
        known: &mut Option<SetState>,
        now: SetState,
        before: Before,
    ) -> Result<(), StoreError> {
        if known.is_some_and(|known| known.n >= now.n && known != now) {
            // Put back to an earlier day: what was revoked since would be accepted again.
            return Err(StoreError::Altered(SetName::Keys));
        }
        let history = with_timeout(self.membership.look(before.question, moment)).await?;
        self.watermark.prove(before.seen, moment).await?;
        if let Some(former) = *known
            && let Some(changed) =
                with_timeout(generation::changed_between(moment, former.n, now.n)).await?
            && let Some(counts_all) = self.adds_up(moment, former, &now, &changed).await?
        {
            self.watermark.trust_changes(true);
            let applied = self.apply_changed(moment, &changed, counts_all).await;
            self.watermark.trust_changes(false);
            applied?;
        } else {
            self.reload(moment, &now).await?;
        }
        self.retry_conflicting(moment).await?;
        self.keep_followed(moment).await?;
        *known = Some(now);
        self.membership.took_over(history);
        Ok(())
    }

    /// Whether the set `before` with the rows of now of these keys is the set `now`; and whether
    /// rows of them that are not ours are in it.
    async fn adds_up(
        &self,
        moment: &DatabaseTransaction,
        before: SetState,
        now: &SetState,
        changed: &[String],
    ) -> Result<Option<bool>, StoreError> {
        let mut set = before;
        for id in changed {
            if let Some(mac) = self.members.mac(id) {
                set.take(store::element(&self.rows, id, &mac));
            }
        }
        let mut tally = Tally::after(set);
        let ids: Vec<&str> = changed.iter().map(String::as_str).collect();
        for ids in ids.chunks(CHUNK) {
            let found =
                with_timeout(store::find_many(moment, &self.rows, ids.iter().copied())).await?;
            for row in &found {
                tally.add(row.element, is_ours(&row.key));
            }
        }
        Ok(tally.counts_all(now))
    }

    /// Reads the changed keys again, first those that are known here: only they can have been
    /// revoked.
    async fn apply_changed(
        &self,
        moment: &DatabaseTransaction,
        changed: &[String],
        counts_all: bool,
    ) -> Result<(), StoreError> {
        let ids = known_first(changed, |id| self.listing.contains(id));
        for ids in ids.chunks(CHUNK) {
            let found = store::find_many(moment, &self.rows, ids.iter().copied());
            let found = with_timeout(found).await?;
            for id in ids.iter().filter(|id| found.iter().all(|row| record(&row.key).id != **id)) {
                self.remove(id);
                self.members.set(id, None);
            }
            for row in &found {
                let is_member = counts_all || is_ours(&row.key);
                self.members.set(&record(&row.key).id, row.mac.filter(|_| is_member));
                self.cache_read(&id_of(&row.key), &row.key);
            }
        }
        Ok(())
    }

    /// Loads all keys, one row after the other, so that a million of them are never in memory
    /// twice. It may take long, and only ends in between if the database falls silent. Fails
    /// when they are not the rows of the stored set: then nothing may go by what was loaded.
    pub(super) async fn load(&self, known: &mut Option<SetState>) -> Result<(), StoreError> {
        let question = self.membership.question();
        let moment = with_timeout(begin_read(&self.db)).await?;
        let stored = with_timeout(sets::read_signed(&moment, SetName::Keys, &self.rows)).await?;
        let history = with_timeout(self.membership.look(question, &moment)).await?;
        if !self.cache_stored(&moment, &stored).await? {
            return Err(StoreError::Altered(SetName::Keys));
        }
        // Twice, since a digest may be free only after the row that had it before is shown.
        self.retry_conflicting(&moment).await?;
        self.retry_conflicting(&moment).await?;
        for id in self.conflicts().keys() {
            tracing::error!(
                key_id = &**id,
                "another key has the same digest: it cannot authenticate"
            );
        }
        *known = Some(stored);
        self.membership.took_over(history);
        Ok(())
    }

    /// Reads all keys again, when they are the rows of the stored set.
    async fn reload(
        &self,
        moment: &DatabaseTransaction,
        stored: &SetState,
    ) -> Result<(), StoreError> {
        let now = self.clock.monotonic();
        if self.altered.has_failed(stored, now) {
            return Err(StoreError::Altered(SetName::Keys));
        }
        let (found, gone) = self.look_through(moment).await?;
        if !found.agrees_with(stored) {
            self.altered.failed(*stored, now);
            return Err(StoreError::Altered(SetName::Keys));
        }
        for id in &gone {
            self.remove(id);
        }
        self.cache_stored(moment, stored).await?;
        self.retry_conflicting(moment).await
    }

    /// Shows all keys as they are stored; whether their rows are those of the set `stored`.
    async fn cache_stored(
        &self,
        moment: &DatabaseTransaction,
        stored: &SetState,
    ) -> Result<bool, StoreError> {
        let found = with_timeout(store::stream(moment, &self.rows)).await?;
        pin_mut!(found);
        let expected = usize::try_from(stored.count.min(EXPECTED)).unwrap_or_default();
        let mut loaded = Loaded::of(expected);
        self.cache.reserve(expected);
        self.listing.reserve(expected);
        while let Some(row) = with_timeout(found.try_next()).await? {
            let id = id_of(&row.key);
            loaded.add(&id, &row);
            self.cache_read(&id, &row.key);
        }
        let members = loaded.members_of(stored);
        let agrees = members.is_some();
        self.members.replace(members.unwrap_or_default());
        Ok(agrees)
    }

    /// Adds the stored rows up, and finds the keys that are no longer among them.
    async fn look_through(
        &self,
        moment: &DatabaseTransaction,
    ) -> Result<(Tally, HashSet<Arc<str>>), StoreError> {
        let (mut tally, mut gone) = (Tally::default(), self.listing.ids());
        let stored = with_timeout(store::stream(moment, &self.rows)).await?;
        pin_mut!(stored);
        while let Some(row) = with_timeout(stored.try_next()).await? {
            tally.add(row.element, is_ours(&row.key));
            gone.remove(record(&row.key).id.as_str());
        }
        Ok((tally, gone))
    }
}

/// Keys that are known here before those that are not.
fn known_first(ids: &[String], is_known: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.sort_by_key(|id| !is_known(id));
    ids
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
