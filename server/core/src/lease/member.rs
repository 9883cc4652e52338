//! The side of a server that verifies. It holds what was loaded, applied and granted, and says
//! what to do next; who asks the store, and applies, is elsewhere.
//!
//! 1. Load all keys, in one snapshot with their generation.
//! 2. Join: insert a row with a new [`BootId`], `granted` being the generation, `applied` as when
//!    acknowledging, and commit. Keep the watermark before.
//! 3. Renew at once, then every [`Terms::renew_every`]:
//!    `UPDATE replicas SET granted = greatest(granted, g.n) FROM generation g ..`.
//! 4. Every [`POLL_EVERY`](super::POLL_EVERY), or when notified: ask for the generation and for
//!    the changes after the one that is known, in one snapshot; apply them, keep the watermark,
//!    and acknowledge: `applied = greatest(applied, n)`, if the store's change n has this mark.
//!
//! `greatest`, since on PostgreSQL a statement may read the generation, wait for the row, and
//! write after a later renewal has.
//!
//! Keys are loaded before the row is inserted. A member that has a row and no keys makes every
//! revoker wait until it is fenced, and when loading takes longer than T + D, it is fenced each
//! time before it has loaded.

use super::{BootId, Boottime, Generation, Terms};

/// What the store answers about its history, read in one snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its newest change.
    pub newest: Generation,
    /// The mark of the change with the number [`Question::known`]; `None`: the list of changes
    /// does not reach back so far, or not forward.
    pub at_known: Option<i64>,
}

/// What the member knew when it asked, so that a late answer is not taken for an older store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// The newest change that is applied, or that the watermark names.
    pub known: Generation,
    seen: i64,
}

/// A renewal that was begun. Written by `WHERE boot = ..`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The row.
    pub boot: BootId,
    /// Goes with it: the answer has the mark of this change.
    pub question: Question,
    begun: Boottime,
}

/// What a member has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Load all keys: there are none yet, or the list of changes no longer reaches back.
    Load,
    /// Insert a row with a new boot id.
    Join,
    /// Apply the changes that the store has more.
    Follow,
    /// Wait for the next poll.
    Nothing,
    /// The store lacks changes that this member knows, and has this one for its newest: accept
    /// nothing, and write nothing, until an operator has accepted the store. Then start with a
    /// new [`Member`].
    Refuse(Generation),
}

/// Until when keys may be accepted, as it was when the permit was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    until: Boottime,
}

impl Permit {
    /// As it was kept in an atomic number.
    pub fn new(until: Boottime) -> Self {
        Self { until }
    }

    /// For the atomic number, and to show how much of the lease is left.
    pub fn until(self) -> Boottime {
        self.until
    }

    /// Whether what was looked up after this permit was taken may be accepted. `now` is read
    /// after the lookup.
    pub fn covers(self, now: Boottime) -> bool {
        now < self.until
    }
}

/// One process that verifies.
#[derive(Clone, Debug)]
pub struct Member {
    terms: Terms,
    known: Generation,
    /// Whether the keys in memory are those of `known`.
    is_loaded: bool,
    /// The newest change that the store has shown.
    seen: Generation,
    boot: Option<BootId>,
    last_boot: Option<BootId>,
    /// Counts as soon as the changes up to `n` are applied.
    granted: Option<Granted>,
    until: Boottime,
    refused: Option<Generation>,
}

#[derive(Clone, Copy, Debug)]
struct Granted {
    begun: Boottime,
    n: i64,
}

impl Member {
    /// Before the keys are loaded. `watermark` is the newest change that this machine has kept
    /// outside the store.
    pub fn new(terms: Terms, watermark: Generation) -> Self {
        Self {
            terms,
            known: watermark,
            is_loaded: false,
            seen: watermark,
            boot: None,
            last_boot: None,
            granted: None,
            until: Boottime::default(),
            refused: None,
        }
    }

    /// What to do.
    pub fn next(&self) -> Next {
        match (self.refused, self.boot) {
            (Some(found), _) => Next::Refuse(found),
            _ if !self.is_loaded => Next::Load,
            (_, None) => Next::Join,
            _ if self.known.n < self.seen.n => Next::Follow,
            _ => Next::Nothing,
        }
    }

    /// The newest change that is applied; before keys are loaded, that of the watermark.
    pub fn known(&self) -> Generation {
        self.known
    }

    /// The row in `replicas`.
    pub fn boot(&self) -> Option<BootId> {
        self.boot
    }

    /// To be taken before each lookup. Kept in an atomic number, it is stored after every call
    /// that changes this member, with release ordering, and after the keys were changed.
    pub fn permit(&self) -> Permit {
        Permit { until: self.until }
    }

    /// What goes with a poll or a load.
    pub fn question(&self) -> Question {
        Question { known: self.known, seen: self.seen.n }
    }

    /// The answer to a poll.
    pub fn polled(&mut self, question: Question, seen: Seen) {
        let (known, newest) = (question.known, seen.newest);
        let at_known = if newest.n == known.n { Some(newest.mark) } else { seen.at_known };
        if newest.n < question.seen
            || (newest.n == self.seen.n && newest.mark != self.seen.mark)
            || at_known.is_some_and(|mark| mark != known.mark)
        {
            self.refused.get_or_insert(newest);
            self.stop();
            return;
        }
        if self.seen.n < newest.n {
            self.seen = newest;
        }
        if at_known.is_none() && self.known == known {
            self.is_loaded = false;
        }
    }

    /// All keys were read, in one snapshot with `seen`. Whether they may replace those in memory:
    /// not when later changes were applied meanwhile, or the store lacks some.
    pub fn loaded(&mut self, question: Question, seen: Seen) -> bool {
        self.polled(question, seen);
        let is_usable = self.refused.is_none() && self.known.n <= seen.newest.n;
        if is_usable {
            self.known = seen.newest;
            self.is_loaded = true;
            self.extend();
        }
        is_usable
    }

    /// The row is committed. Ignored when there was no need to join, or the id is not new.
    pub fn joined(&mut self, boot: BootId) {
        if self.next() == Next::Join && self.last_boot != Some(boot) {
            self.boot = Some(boot);
            self.last_boot = self.boot;
        }
    }

    /// Begins a renewal; `now` is read before it is written. `None`: there is no row, or what was
    /// granted before is not applied yet. A member that renewed without applying would be neither
    /// acknowledged nor fenced, and every revoker would wait for it.
    pub fn renewal(&self, now: Boottime) -> Option<Renewal> {
        let boot = self.boot.filter(|_| self.is_loaded && self.granted.is_none())?;
        Some(Renewal { boot, question: self.question(), begun: now })
    }

    /// The answer to a renewal; `None`: there is no such row, the member is fenced. Answers may
    /// come in any order.
    pub fn granted(&mut self, renewal: Renewal, answer: Option<Seen>) {
        if self.boot != Some(renewal.boot) {
            return;
        }
        let Some(seen) = answer else {
            self.stop();
            return;
        };
        self.polled(renewal.question, seen);
        if self.boot.is_some() && self.granted.is_none_or(|other| other.begun < renewal.begun) {
            self.granted = Some(Granted { begun: renewal.begun, n: seen.newest.n });
            self.extend();
        }
    }

    /// The changes up to `newest` are in memory. They were read after a question that knew this
    /// member's newest change.
    pub fn applied(&mut self, newest: Generation) {
        if self.is_loaded && self.known.n < newest.n {
            self.known = newest;
        }
        self.extend();
    }

    /// To leave: stops. Then delete the row.
    pub fn leave(&mut self) -> Option<BootId> {
        let boot = self.boot;
        self.stop();
        boot
    }

    fn extend(&mut self) {
        if let Some(granted) = self.granted.filter(|_| self.is_loaded)
            && granted.n <= self.known.n
        {
            self.granted = None;
            self.until = self.until.max(granted.begun.after(self.terms.use_of_lease()));
        }
    }

    fn stop(&mut self) {
        self.boot = None;
        self.granted = None;
        self.until = Boottime::default();
    }
}

#[cfg(test)]
mod tests;
