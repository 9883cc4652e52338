//! What all lines say together.

use std::collections::HashSet;

use super::{Mark, Position};
use crate::digest::KeyDigest;

/// All lines together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The id of the store.
    pub store: Option<String>,
    /// When this machine met it, if it was not new then, in microseconds since 1970.
    pub met: Option<i64>,
    /// How far it has come.
    pub position: Option<Position>,
    revoked: HashSet<KeyDigest>,
    disabled: HashSet<KeyDigest>,
}

impl Marks {
    /// Of a store that is seen for the first time.
    pub fn of(store: Option<String>, met: Option<i64>, position: Option<Position>) -> Self {
        Self { store, met, position, ..Self::default() }
    }

    /// Takes what one more line says.
    pub fn apply(&mut self, mark: &Mark) {
        match mark {
            Mark::Store(id) => self.store.clone_from(id),
            Mark::Met(at) => self.met = Some(*at),
            // Of several processes that write, one may be late.
            Mark::At(it) if self.position.is_some_and(|now| now.seq >= it.seq) => (),
            Mark::At(position) => self.position = Some(*position),
            Mark::Revoked(digest) => _ = self.revoked.insert(*digest),
            Mark::Restored(digest) => _ = self.revoked.remove(digest),
            Mark::Disabled(digest) => _ = self.disabled.insert(*digest),
            Mark::Enabled(digest) => _ = self.disabled.remove(digest),
        }
    }

    /// Whether the key with this digest was revoked.
    pub fn is_revoked(&self, digest: &KeyDigest) -> bool {
        self.revoked.contains(digest)
    }

    /// Whether the key with this digest was disabled.
    pub fn is_disabled(&self, digest: &KeyDigest) -> bool {
        self.disabled.contains(digest)
    }

    /// How many keys were revoked.
    pub fn revoked(&self) -> usize {
        self.revoked.len()
    }

    /// How many keys are disabled.
    pub fn disabled(&self) -> usize {
        self.disabled.len()
    }

    /// The fewest lines that say the same.
    pub fn lines(&self) -> impl Iterator<Item = Mark> {
        let first = [Some(Mark::Store(self.store.clone())), self.met.map(Mark::Met)];
        let last = self.position.map(Mark::At);
        let revoked = self.revoked.iter().copied().map(Mark::Revoked);
        let disabled = self.disabled.iter().copied().map(Mark::Disabled);
        first.into_iter().flatten().chain(revoked).chain(disabled).chain(last)
    }
}
