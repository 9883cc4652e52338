//! What is known of the watermark in memory, and what follows from it. Pure.

use std::collections::HashSet;

use keyward_core::digest::KeyDigest;
use keyward_core::watermark::{Mark, Marks, Position, Standing};

/// How far the stored keys are believed against the watermark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trust {
    /// Nothing shows that they go on from what was seen.
    #[default]
    None,
    /// The audit log does. A key that was disabled may have been enabled.
    Continued,
    /// And the key is one of those that were changed since, while all others stayed as they were. A
    /// rotation may have been taken back.
    Changed,
}

impl Trust {
    pub(super) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Continues => Self::Continued,
            Standing::MayContinue | Standing::Behind(_) => Self::None,
        }
    }
}

/// Why a key is not accepted. `Display` completes "the key ...".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Barred {
    #[error("was revoked, and came back with an earlier copy of the database")]
    Revoked,
    #[error("was disabled, and was enabled again by an earlier copy of the database")]
    Disabled,
}

/// What is known.
#[derive(Default)]
pub(super) struct Known {
    /// As if all were written.
    pub(super) marks: Marks,
    /// What is not written yet, but for the position.
    pub(super) pending: Vec<Mark>,
    /// The position in the file.
    pub(super) written: Option<Position>,
    /// How many lines more than needed the file may have before it is written again.
    pub(super) spare: u64,
    /// Why the last attempt failed.
    pub(super) failed: Option<String>,
    /// Whether the store went to where it was not seen: its position says nothing then.
    pub(super) is_elsewhere: bool,
    pub(super) trust: Trust,
    /// Digests of keys that came back, and were refused.
    pub(super) refused: HashSet<KeyDigest>,
    /// Digests that two rows have: that one of them goes revokes nothing.
    pub(super) shared: HashSet<KeyDigest>,
}

impl Known {
    /// Takes a mark, unless it says nothing new.
    pub(super) fn note(&mut self, mark: Mark) {
        let is_known = match &mark {
            Mark::Revoked(it) => self.marks.is_revoked(it) || self.shared.contains(it),
            Mark::Restored(digest) => !self.marks.is_revoked(digest),
            Mark::Disabled(digest) => self.marks.is_disabled(digest),
            Mark::Enabled(digest) => !self.marks.is_disabled(digest),
            Mark::Store(_) | Mark::Met(_) | Mark::At(_) => false,
        };
        if !is_known {
            self.marks.apply(&mark);
            self.pending.push(mark);
        }
    }

    /// What has to be written, and how many of it are pending marks.
    pub(super) fn batch(&self) -> (Vec<Mark>, usize) {
        let is_later = |it: &Position| self.written.is_none_or(|written| it.seq > written.seq);
        let position = self.marks.position.filter(is_later).filter(|_| !self.is_elsewhere);
        let number = self.pending.len();
        (self.pending.iter().cloned().chain(position.map(Mark::At)).collect(), number)
    }

    /// What others wrote is before what this process wrote, and that before what it will write.
    pub(super) fn written(&mut self, others: &[Mark], batch: &[Mark], number: usize) {
        self.pending.drain(..number.min(self.pending.len()));
        for mark in others.iter().chain(batch).chain(&self.pending) {
            self.marks.apply(mark);
            if let Mark::At(position) = mark {
                self.written = Some(*position);
            }
        }
        self.failed = None;
    }

    /// Whether a key with this digest may be accepted.
    pub(super) fn admit(&mut self, digest: KeyDigest, is_enabled: bool) -> Result<(), Barred> {
        if self.marks.is_revoked(&digest) {
            if self.trust < Trust::Changed || self.refused.contains(&digest) {
                self.refused.insert(digest);
                return Err(Barred::Revoked);
            }
            self.note(Mark::Restored(digest));
        }
        match (is_enabled, self.marks.is_disabled(&digest)) {
            (false, false) => self.note(Mark::Disabled(digest)),
            (true, true) if self.trust == Trust::None => {
                self.refused.insert(digest);
                return Err(Barred::Disabled);
            }
            (true, true) => self.note(Mark::Enabled(digest)),
            _ => (),
        }
        self.refused.remove(&digest);
        Ok(())
    }
}
