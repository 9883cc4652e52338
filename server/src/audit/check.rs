//! Checks the log, entry by entry, and tells every break of it. Pure.
//!
//! 1. The check goes on after a break, from the hashes of the next entry itself: one entry
//!    that was changed is one break, and a range that is missing is one break.
//! 2. A break is known when a later entry acknowledges it, and that entry is as it was
//!    written. The acknowledgement holds the digest of the break: its number, its reason and
//!    the bytes that are stored. An entry that is changed once more is another break.
//! 3. The first entry follows the newest checkpoint, or nothing.
//! 4. Audit keys only ever go forward, and only by an entry that carries macs under both.

use std::collections::HashMap;

use keyward_api::audit::Action;
use keyward_core::chain::{AuditKey, AuditKeys, GENESIS, Hash, StoredEntry};

use super::about_log::{self, Checkpoint};
use super::breaks::{Acknowledgement, Breaks, Verification, digest};
use super::reason::Reason;

/// The only row of the table of the head.
#[derive(Clone, Copy, Debug)]
pub struct StoredHead<'a> {
    /// The number of the last entry.
    pub seq: i64,
    /// The hash of the last entry.
    pub entry_hash: &'a [u8],
    pub mac: &'a [u8],
}

/// Takes entries one after the other, the lowest number first, and the head at the end.
pub struct Check<'k> {
    keys: Vec<&'k AuditKey>,
    /// Of the key under which the last entry was; counted from 0.
    version: usize,
    buffer: Vec<u8>,
    /// The number of the last entry.
    seq: i64,
    /// The hash of the last entry; `None` at the start and after a break.
    last: Option<Hash>,
    /// The number of the first entry and the hash it follows, if that is to be believed.
    first: Option<(i64, Option<Hash>)>,
    breaks: Breaks,
    acknowledgements: HashMap<(i64, Hash), Acknowledgement>,
    checkpoint: Checkpoint,
    exported: i64,
}

impl<'k> Check<'k> {
    /// Before the first entry.
    pub fn new(keys: &'k AuditKeys) -> Self {
        Self {
            keys: keys.iter().collect(),
            version: 0,
            buffer: Vec::with_capacity(512),
            seq: 0,
            last: None,
            first: None,
            breaks: Breaks::default(),
            acknowledgements: HashMap::new(),
            checkpoint: Checkpoint::default(),
            exported: 0,
        }
    }

    /// Takes the entry with the next higher number.
    pub fn entry(&mut self, stored: &StoredEntry<'_>) {
        let seq = stored.fields.seq;
        if seq < 1 {
            return self.breaks.put(0, Reason::NoNumber, digest_of(Reason::NoNumber, stored, None));
        }
        self.reach(seq);
        let (hash, reason) = self.check_links(stored);
        if self.seq == 0 {
            let prev = stored.prev_hash.try_into().ok();
            self.first = Some((seq, prev.filter(|_| hash.is_some())));
        }
        if let Some(reason) = reason {
            let last = self.last.filter(|_| reason == Reason::Unlinked);
            self.breaks.put(seq, reason, digest_of(reason, stored, last));
        } else {
            self.hear(stored);
        }
        (self.seq, self.last) = (seq, hash);
    }

    /// An entry with this number is there, but what it says cannot be read.
    pub fn unreadable(&mut self, seq: i64) {
        self.reach(seq);
        self.breaks.put(seq.max(0), Reason::Unreadable, digest(Reason::Unreadable, seq, &[]));
        if seq > 0 {
            self.first = self.first.or(Some((seq, None)));
            (self.seq, self.last) = (seq, None);
        }
    }

    /// Those between the last entry and this one are missing. At the start that is reported at
    /// the end, when the newest checkpoint is known.
    fn reach(&mut self, seq: i64) {
        if self.seq > 0 && seq > self.seq + 1 {
            self.breaks.missing(self.seq + 1, seq - 1);
            self.last = None;
        }
    }

    /// The hash from which the next entry goes on, if it is to be believed, and what is wrong.
    fn check_links(&mut self, stored: &StoredEntry<'_>) -> (Option<Hash>, Option<Reason>) {
        let StoredEntry { fields, prev_hash, entry_hash, mac } = stored;
        let hash = fields.hash(prev_hash, &mut self.buffer);
        if hash != *entry_hash {
            return (None, Some(Reason::Changed));
        }
        let is_handover = mac.len() > GENESIS.len();
        let is_at = |version: usize| {
            let (mac, next) = mac.split_at(mac.len().min(GENESIS.len()));
            self.keys[version].is_entry(&hash, mac)
                && (!is_handover
                    || fields.action() == Some(Action::EncryptionRewrap.as_str())
                        && self.keys.get(version + 1).is_some_and(|key| key.is_entry(&hash, next)))
        };
        let Some(version) = (self.version..self.keys.len()).find(|version| is_at(*version)) else {
            return (None, Some(Reason::Foreign));
        };
        let is_handed_over = version == self.version || self.last.is_none();
        self.version = version + usize::from(is_handover);
        let reason = if self.last.is_some_and(|last| last != *prev_hash) {
            Some(Reason::Unlinked)
        } else if !is_handed_over {
            Some(Reason::NoHandover)
        } else {
            (fields.action() == Some(Action::AuditBroken.as_str())).then_some(Reason::Found)
        };
        (Some(hash), reason)
    }

    /// What an entry that is as it was written says about the log.
    fn hear(&mut self, stored: &StoredEntry<'_>) {
        let fields = &stored.fields;
        if let Some((about, because, digest)) = about_log::acknowledged(fields)
            // Nobody knows a break before it is there: one who has a former audit key could
            // write so before the handover.
            && about < fields.seq
        {
            let by = fields.actor_name().unwrap_or_default().to_owned();
            let because = because.to_owned();
            let known = Acknowledgement { by, because, time: fields.time };
            self.acknowledgements.insert((about, digest), known);
        } else if let Some(checkpoint) = about_log::closed(fields) {
            if checkpoint.through > self.checkpoint.through {
                self.checkpoint = checkpoint;
            }
        } else if let Some(through) = about_log::exported(fields) {
            self.exported = self.exported.max(through.min(fields.seq - 1));
        }
    }

    /// Takes the head, which is not older than one that was seen before. What came of it.
    pub fn finish(mut self, head: Option<StoredHead<'_>>, newest: i64) -> Verification {
        self.start();
        self.end(head, newest);
        let Self { seq, first, breaks, acknowledgements, exported, .. } = self;
        let first = first.map_or(0, |(first, _)| first);
        breaks.into_verification(first, seq, exported, acknowledgements)
    }

    /// Rule 3.
    fn start(&mut self) {
        let Some((seq, prev)) = self.first else { return };
        let Checkpoint { through, hash } = self.checkpoint;
        if seq > through + 1 {
            self.breaks.missing(through + 1, seq - 1);
        } else if seq <= through {
            self.breaks.put(
                seq,
                Reason::PutBack,
                digest(Reason::PutBack, seq, &[&through.to_be_bytes()]),
            );
        } else if let Some(prev) = prev.filter(|prev| *prev != hash) {
            self.breaks.put(seq, Reason::Unlinked, digest(Reason::Unlinked, seq, &[&hash, &prev]));
        }
    }

    fn end(&mut self, head: Option<StoredHead<'_>>, newest: i64) {
        let Some(head) = head else {
            return self.breaks.head(self.seq, Reason::HeadMissing);
        };
        let active =
            self.keys.last().is_some_and(|key| key.is_head(head.seq, head.entry_hash, head.mac));
        if !active {
            self.breaks.head(self.seq, Reason::HeadChanged);
        } else if head.seq > self.seq {
            self.breaks.missing(self.seq + 1, head.seq);
        } else if head.seq < self.seq {
            self.breaks.head(self.seq, Reason::Added);
        } else if self.last.is_some_and(|last| last != head.entry_hash) {
            self.breaks.head(self.seq, Reason::NotLast);
        } else if head.seq < newest {
            self.breaks.head(self.seq, Reason::Earlier);
        }
    }
}

/// What makes a break at an entry the same break.
fn digest_of(reason: Reason, stored: &StoredEntry<'_>, last: Option<Hash>) -> Hash {
    let StoredEntry { fields, prev_hash, entry_hash, mac } = stored;
    let hash = fields.hash(prev_hash, &mut Vec::new());
    let last = last.as_ref().map_or(&[][..], |last| last);
    digest(reason, fields.seq, &[&hash, prev_hash, entry_hash, mac, last])
}

#[cfg(test)]
mod tests;
