//! The table and the counts together, for many readers and few writers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use keyward_api::keys::ApiKey;
use time::OffsetDateTime;

use super::counts::{Counts, KeyCounts};
use super::search::{Found, KeyQuery, Walk};
use super::survey::{Survey, Surveying};
use super::table::{Block, Entry, Table, micros};

/// Every key, so that lists and counts need not ask the database which ones there are.
#[derive(Default)]
pub struct Listing {
    /// Locked for one key or one block at a time.
    table: RwLock<Table>,
    counts: Mutex<Counts>,
}

impl Listing {
    /// Makes room for so many keys in all.
    pub fn reserve(&self, keys: usize) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).reserve(keys);
    }

    /// Puts a key in, or replaces what is known of it.
    pub fn put(&self, id: &Arc<str>, record: &ApiKey) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let before = table.put(id, record);
        let after = table.get(id);
        self.count(before.as_ref(), after);
    }

    pub fn remove(&self, id: &str) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let before = table.remove(id);
        self.count(before.as_ref(), None);
    }

    /// Moves the last use of a key forward.
    pub fn used(&self, id: &str, at: OffsetDateTime) {
        self.table.write().unwrap_or_else(PoisonError::into_inner).used(id, at);
    }

    /// Whether there is a key with this id.
    pub fn contains(&self, id: &str) -> bool {
        self.table.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    pub fn ids(&self) -> HashSet<Arc<str>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.ids().cloned().collect()
    }

    /// How many keys there are at `now`.
    pub fn counts(&self, now: OffsetDateTime) -> KeyCounts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).at(micros(now))
    }

    /// The keys of one page. Takes about 10 ns for each key that there is: see
    /// [`ListThread`](super::ListThread).
    pub fn find(&self, query: &KeyQuery, now: OffsetDateTime) -> Found {
        let mut walk = Walk::new(query, micros(now));
        self.walk(|block| walk.look(block));
        walk.found()
    }

    /// What of all keys may need a person at `now`. Takes as long as [`Listing::find`].
    pub fn survey(&self, now: OffsetDateTime) -> Survey {
        let mut surveying = Surveying::new(micros(now));
        self.walk(|block| surveying.look(block));
        surveying.found()
    }

    fn walk(&self, mut look: impl FnMut(&Block)) {
        let block = |number| self.table.read().unwrap_or_else(PoisonError::into_inner).nth(number);
        for block in (0..).map_while(block) {
            look(&block);
        }
    }

    /// While the table is locked, so that the counts follow its order.
    fn count(&self, before: Option<&Entry>, after: Option<&Entry>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        before.inspect(|before| counts.take(before));
        after.inspect(|after| counts.add(after));
    }
}
