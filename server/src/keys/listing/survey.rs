//! What of all keys may need a person, by one walk over all of them.

use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use keyward_api::key_list::{KeyConcern, KeyStatus};

use super::concern::{concerns, was_used};
use super::table::{Block, Entry};

/// A key that was used within this time is in use.
const IN_USE: Duration = Duration::from_hours(7 * 24);

/// So many keys with an overlap are remembered, those whose overlap ends first: whether the old
/// key is still used is read from the database.
const OVERLAPPING: usize = 128;

/// What of all keys may need a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Their rows cannot be read, or were changed outside of Keyward.
    pub broken: Concerned,
    /// They expire soon and are in use.
    pub expiring: Concerned,
    /// They never expire and may change something.
    pub writing_forever: Concerned,
    /// They are not used any more.
    pub unused: Concerned,
    /// They replaced a key that is still accepted.
    pub overlapping: Vec<Arc<str>>,
}

/// Keys of which the same is so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Concerned {
    pub count: u64,
    /// The id of the first of them.
    pub first: Option<Arc<str>>,
    /// The time by which it is the first.
    at: i64,
}

impl Concerned {
    fn add(&mut self, entry: &Entry, at: i64) {
        self.count += 1;
        if self.first.is_none() || at < self.at {
            (self.first, self.at) = (Some(entry.id.clone()), at);
        }
    }
}

/// A walk over all blocks.
#[derive(Default)]
pub(super) struct Surveying {
    now: i64,
    survey: Survey,
    /// The overlap that ends last is on top.
    overlapping: BinaryHeap<(i64, Arc<str>)>,
}

impl Surveying {
    pub(super) fn new(now: i64) -> Self {
        Self { now, ..Self::default() }
    }

    pub(super) fn look(&mut self, block: &Block) {
        for (entry, _) in block.entries() {
            self.visit(entry);
        }
    }

    pub(super) fn found(mut self) -> Survey {
        let overlapping = self.overlapping.into_sorted_vec();
        self.survey.overlapping = overlapping.into_iter().map(|(_, id)| id).collect();
        self.survey
    }

    fn visit(&mut self, entry: &Entry) {
        let Self { now, survey, overlapping } = self;
        let so = |concern| concerns(entry, concern, *now);
        match entry.status(*now) {
            KeyStatus::Active => (),
            KeyStatus::Unreadable | KeyStatus::Altered => {
                return survey.broken.add(entry, entry.created_at);
            }
            KeyStatus::Disabled | KeyStatus::Expired => return,
        }
        if so(KeyConcern::ExpiresSoon) && was_used(entry, *now - micros(IN_USE)) {
            survey.expiring.add(entry, entry.expires_at);
        }
        if so(KeyConcern::WritesForever) {
            survey.writing_forever.add(entry, entry.created_at);
        }
        if so(KeyConcern::Unused) {
            survey.unused.add(entry, entry.created_at);
        }
        if so(KeyConcern::Overlapping) {
            overlapping.push((entry.overlap_ends_at, entry.id.clone()));
            if overlapping.len() > OVERLAPPING {
                overlapping.pop();
            }
        }
    }
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}
