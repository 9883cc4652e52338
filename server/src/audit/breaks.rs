//! Where the log is not as it was written, and what is known of that. Pure.

use std::collections::HashMap;

use keyward_core::chain::Hash;
use sha2::{Digest, Sha256};

use super::reason::Reason;

/// So many breaks are kept; those after them are counted alone, and cannot be known.
const KEPT: usize = 10_000;

/// Who knows of a break, and why it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    pub by: String,
    pub because: String,
    /// Microseconds since 1970.
    pub time: i64,
}

/// A place where the log is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The number of the entry, or the first number that is missing. That of the next entry
    /// when it is about the head; 0 for a row whose number is that of no entry.
    pub seq: i64,
    pub reason: Reason,
    /// Whether the head is wrong, which the next entry tells from then on.
    pub is_of_head: bool,
    pub digest: Hash,
    pub acknowledged: Option<Acknowledgement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The number of the first entry that is stored; 0: there is none.
    pub first: i64,
    /// The number of the last entry that is stored; 0: there is none.
    pub last: i64,
    /// Up to this number everything was handed out, as far as the log can be believed.
    pub exported: i64,
    /// The breaks, or the first ten thousand, in the order of the log.
    pub breaks: Vec<Break>,
    pub total: u64,
}

impl Verification {
    /// The first break that nobody knows of.
    pub fn broken(&self) -> Option<&Break> {
        self.breaks.iter().find(|it| it.acknowledged.is_none())
    }

    /// Whether everything is as it was written, but for what somebody knows of.
    pub fn is_valid(&self) -> bool {
        self.broken().is_none() && self.total == self.breaks.len() as u64
    }

    /// The number of the last entry before the first break that nobody knows of.
    pub fn verified(&self) -> i64 {
        self.broken().map_or(self.last, |broken| broken.seq.saturating_sub(1).max(0))
    }
}

/// Breaks on their way to a [`Verification`].
#[derive(Debug, Default)]
pub(super) struct Breaks {
    kept: Vec<Break>,
    total: u64,
}

impl Breaks {
    pub(super) fn put(&mut self, seq: i64, reason: Reason, digest: Hash) {
        self.total += 1;
        if self.kept.len() < KEPT {
            let (is_of_head, acknowledged) = (false, None);
            self.kept.push(Break { seq, reason, is_of_head, digest, acknowledged });
        }
    }

    pub(super) fn missing(&mut self, first: i64, last: i64) {
        let reason = Reason::Missing(last);
        self.put(first, reason, digest(reason, first, &[&last.to_be_bytes()]));
    }

    /// The head is wrong; `last` is the number of the last entry.
    pub(super) fn head(&mut self, last: i64, reason: Reason) {
        let before = self.kept.len();
        self.put(last + 1, reason, digest(reason, last, &[]));
        if let Some(head) = self.kept.get_mut(before) {
            head.is_of_head = true;
        }
    }

    pub(super) fn into_verification(
        self,
        first: i64,
        last: i64,
        exported: i64,
        acknowledgements: HashMap<(i64, Hash), Acknowledgement>,
    ) -> Verification {
        let Self { kept: mut breaks, total } = self;
        for it in &mut breaks {
            // The head is acknowledged by the entry that tells it.
            if !it.is_of_head {
                it.acknowledged = acknowledgements.get(&(it.seq, it.digest)).cloned();
            }
        }
        breaks.sort_by_key(|it| it.seq);
        Verification { first, last, exported, breaks, total }
    }
}

/// SHA-256 over reason, number and parts, each after its length.
pub(super) fn digest(reason: Reason, seq: i64, parts: &[&[u8]]) -> Hash {
    let mut sha = Sha256::new();
    for part in [reason.word().as_bytes(), &seq.to_be_bytes()].iter().chain(parts) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    sha.finalize().into()
}
