//! What must hold, whatever happens.
//!
//! - **I1** No verdict *accepted* begins after the answer to a revocation of that key was sent.
//!   And no server that had not applied the revocation by then decides *accepted* after it,
//!   though the verdict began before: a server that wakes up accepts nothing.
//! - **I2** No answer waits longer than T + D and one round trip, unless its server was paused, or
//!   its way to the store disturbed.
//! - **I3** With all alive and no faults, an answer comes within two round trips and a poll. After
//!   the faults every living server verifies again, unless the store lost what it knew.
//!
//! Outside of I1: a revocation that a failover lost after it was answered, on those servers that
//! neither acknowledged nor answered it.

use keyward_core::lease::Generation;

use crate::store::{Data, Keys, bit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// I1.
    Accepted,
    /// I2 and I3: an answer that was late.
    Late,
    /// I3: a server that does not verify again.
    Dead,
}

#[derive(Clone, Debug)]
pub struct Violation {
    pub kind: Kind,
    pub what: String,
}

/// The watermark: what a server has kept outside the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk {
    pub generation: Generation,
    pub revoked: Keys,
}

#[derive(Default)]
pub struct Oracle {
    /// Keys whose revocation was answered.
    pub answered: Keys,
    /// By which change, by key.
    changes: Vec<(u8, Generation)>,
    /// Answered, and then lost by a failover.
    lost: Keys,
    /// By server: keys of `lost` that it may accept.
    outside: Vec<Keys>,
    /// By server: keys that it had not given up when the revocation was answered.
    pub lacking: Vec<Keys>,
    /// By server: the newest change that it has acknowledged, and the revoked keys that it knew.
    promised: Vec<(Generation, Keys)>,
    /// When the store last lost commits.
    failed_over: Option<u64>,
}

impl Oracle {
    pub fn new(servers: usize) -> Self {
        let none = vec![0; servers];
        let promised = vec![(Generation::default(), 0); servers];
        Self { outside: none.clone(), lacking: none, promised, ..Self::default() }
    }

    /// The keys that this server must not accept.
    pub fn forbidden(&self, server: usize) -> Keys {
        self.answered & !self.outside[server]
    }

    pub fn answer(&mut self, key: u8, change: Generation) {
        self.answered |= bit(key);
        self.lost &= !bit(key);
        self.changes.push((key, change));
        for outside in &mut self.outside {
            *outside &= !bit(key);
        }
    }

    /// An answer whose change was lost after the store had confirmed it, `confirmed` being when.
    /// Whether it was still there then.
    pub fn answer_of_lost(&mut self, key: u8, change: Generation, confirmed: u64) -> bool {
        if self.failed_over.is_some_and(|at| at < confirmed) {
            return false;
        }
        self.answer(key, change);
        self.lost |= bit(key);
        for (outside, (_, known)) in self.outside.iter_mut().zip(&self.promised) {
            *outside |= bit(key) & !known;
        }
        true
    }

    /// A server acknowledges, joins or answers, and knows these keys to be revoked.
    pub fn promise(&mut self, server: usize, newest: Generation, revoked: Keys) {
        let (generation, keys) = &mut self.promised[server];
        *generation = newest;
        *keys |= revoked;
    }

    pub fn fail_over(&mut self, before: &Data, after: &Data, now: u64) {
        self.failed_over = Some(now);
        let is_lost = |change: &Generation| after.mark(change.n) != Some(change.mark);
        for (key, change) in self.changes.clone().iter().filter(|(_, change)| is_lost(change)) {
            if self.changes.iter().any(|(other, kept)| other == key && !is_lost(kept)) {
                continue;
            }
            self.lost |= bit(*key);
            for (outside, (promised, keys)) in self.outside.iter_mut().zip(&self.promised) {
                let is_promised =
                    change.n <= promised.n && before.mark(promised.n) == Some(promised.mark);
                if !is_promised {
                    *outside |= bit(*key) & !keys;
                }
            }
        }
    }

    /// An operator accepted the store as it is, for this server.
    pub fn accept(&mut self, server: usize) {
        self.outside[server] |= self.lost & !self.promised[server].1;
    }
}
