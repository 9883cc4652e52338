//! How many keys there are by what became of them, kept with each change.

use std::collections::BTreeMap;

use keyward_api::key_list::KeyStatus;

use super::table::{Entry, NEVER};

/// How many keys there are, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    pub active: usize,
    pub disabled: usize,
    pub expired: usize,
    /// Rows that cannot be read.
    pub unreadable: usize,
    pub altered: usize,
}

impl KeyCounts {
    /// All of them.
    pub fn all(&self) -> usize {
        let Self { active, disabled, expired, unreadable, altered } = self;
        active + disabled + expired + unreadable + altered
    }
}

#[derive(Default)]
pub(super) struct Counts {
    disabled: usize,
    unreadable: usize,
    altered: usize,
    /// Enabled keys whose expiry had not come when it was last looked.
    active: usize,
    expired: usize,
    /// How many of the active ones expire at each time, in microseconds since 1970.
    ends: BTreeMap<i64, usize>,
    /// The latest time at which it was looked.
    looked_at: i64,
}

impl Counts {
    pub(super) fn add(&mut self, entry: &Entry) {
        *self.count(entry) += 1;
        if self.is_to_end(entry) {
            *self.ends.entry(entry.expires_at).or_default() += 1;
        }
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        *self.count(entry) -= 1;
        if self.is_to_end(entry)
            && let Some(number) = self.ends.get_mut(&entry.expires_at)
        {
            *number -= 1;
            if *number == 0 {
                self.ends.remove(&entry.expires_at);
            }
        }
    }

    /// The counts at `now`. Visits only the ends that have come since the last look. Setting
    /// the clock back revives no key here either.
    pub(super) fn at(&mut self, now: i64) -> KeyCounts {
        self.looked_at = self.looked_at.max(now);
        while let Some(first) = self.ends.first_entry().filter(|end| *end.key() <= now) {
            let number = first.remove();
            self.active -= number;
            self.expired += number;
        }
        let Self { active, disabled, expired, unreadable, altered, .. } = *self;
        KeyCounts { active, disabled, expired, unreadable, altered }
    }

    fn count(&mut self, entry: &Entry) -> &mut usize {
        match entry.status(self.looked_at) {
            KeyStatus::Unreadable => &mut self.unreadable,
            KeyStatus::Altered => &mut self.altered,
            KeyStatus::Disabled => &mut self.disabled,
            KeyStatus::Expired => &mut self.expired,
            KeyStatus::Active => &mut self.active,
        }
    }

    fn is_to_end(&self, entry: &Entry) -> bool {
        entry.status(self.looked_at) == KeyStatus::Active && entry.expires_at != NEVER
    }
}
