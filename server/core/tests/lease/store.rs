//! The one store: transactions that run one after the other, but for statements that read their
//! snapshot some time before they write, as on PostgreSQL in READ COMMITTED.

use keyward_core::lease::{BootId, Generation, Look, Question, Renewal, Row, Seen};

use crate::variant::Variant;

/// Keys are the bits of a number.
pub type Keys = u64;

pub fn bit(key: u8) -> Keys {
    1 << key
}

#[derive(Clone, Debug)]
pub enum Request {
    Load { question: Question },
    Join { boot: BootId, question: Question },
    Renew { renewal: Renewal },
    Follow { question: Question },
    Acknowledge { boot: BootId, applied: Generation },
    Revoke { revocation: u32, key: u8 },
    Look { revocation: u32, n: i64 },
    Fence { boots: Vec<BootId>, change: Generation },
    Settle { timeline: u32 },
    Leave { boot: BootId },
}

#[derive(Clone, Debug)]
pub enum Answer {
    Loaded {
        question: Question,
        seen: Seen,
        active: Keys,
    },
    Joined {
        boot: BootId,
    },
    Renewed {
        renewal: Renewal,
        seen: Option<Seen>,
    },
    /// The keys that were changed after the question's, and which of all are active.
    Followed {
        question: Question,
        seen: Seen,
        changed: Keys,
        active: Keys,
    },
    Acknowledged {
        applied: i64,
    },
    Revoked {
        revocation: u32,
        change: Generation,
        timeline: u32,
        is_settled: bool,
        already: bool,
    },
    Looked {
        revocation: u32,
        look: Look,
        at: u64,
    },
    Nothing,
}

/// What a statement read before it writes.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot {
    seen: Seen,
    timeline: u32,
}

/// What is replicated.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Marks and keys; the first change has number 1.
    changes: Vec<(i64, u8)>,
    /// Up to which number changes are no longer listed.
    pruned: i64,
    pub active: Keys,
    pub rows: Vec<StoredRow>,
    settled: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct StoredRow {
    row: Row,
    /// By the store's wall clock.
    renewed: i64,
}

pub struct Store {
    variant: Variant,
    pub data: Data,
    pub timeline: u32,
    /// Microseconds.
    pub wall: i64,
    /// What was before each of the last commits, the latest last; only with failovers.
    before: Vec<Data>,
    pub can_fail_over: bool,
}

const LOSES_AT_MOST: usize = 16;

impl Data {
    pub fn generation(&self) -> Generation {
        let n = self.changes.len();
        Generation {
            n: i64::try_from(n).unwrap_or(0),
            mark: self.changes.last().map_or(0, |c| c.0),
        }
    }

    /// Of any change, listed or not.
    pub fn mark(&self, n: i64) -> Option<i64> {
        let index = usize::try_from(n - 1).ok()?;
        self.changes.get(index).map(|change| change.0)
    }

    fn seen(&self, question: Question) -> Seen {
        let n = question.known.n;
        let at_known = if n <= self.pruned { None } else { self.mark(n) };
        Seen { newest: self.generation(), at_known }
    }

    fn changed_after(&self, n: i64) -> Keys {
        let after = usize::try_from(n).unwrap_or(0).min(self.changes.len());
        self.changes[after..].iter().fold(0, |keys, change| keys | bit(change.1))
    }

    fn row(&mut self, boot: BootId) -> Option<&mut StoredRow> {
        self.rows.iter_mut().find(|stored| stored.row.boot == boot)
    }
}

impl Store {
    pub fn new(variant: Variant, active: Keys) -> Self {
        // One key was made before.
        let data = Data { changes: vec![(1, 0)], active, settled: 1, ..Data::default() };
        Self { variant, data, timeline: 1, wall: 0, before: Vec::new(), can_fail_over: false }
    }

    fn begin(&mut self) {
        if self.can_fail_over {
            if self.before.len() == LOSES_AT_MOST {
                self.before.remove(0);
            }
            self.before.push(self.data.clone());
        }
    }

    /// Whether the key was changed.
    pub fn change(&mut self, key: u8, is_active: bool, mark: i64) -> bool {
        if (self.data.active & bit(key) != 0) == is_active {
            return false;
        }
        self.begin();
        self.data.active ^= bit(key);
        let mark = if self.variant == Variant::NoMarks { 0 } else { mark };
        self.data.changes.push((mark, key));
        true
    }

    /// Forgets all but the last `keep` changes, at least one.
    pub fn prune(&mut self, keep: i64) {
        self.data.pruned = self.data.pruned.max(self.data.generation().n - keep);
    }

    /// A standby that lacks the last `commits` is promoted.
    pub fn fail_over(&mut self, commits: usize) {
        if commits > 0 && commits <= self.before.len() {
            let kept = self.before.len() - commits;
            self.data = self.before.swap_remove(kept);
            self.before.truncate(kept);
        }
        self.timeline += 1;
    }

    pub fn snapshot(&self, question: Question) -> Snapshot {
        Snapshot { seen: self.data.seen(question), timeline: self.timeline }
    }

    /// `None`: the statement ran on a primary that is gone.
    pub fn renew(&mut self, renewal: Renewal, snapshot: Snapshot, now: u64) -> Option<Answer> {
        if snapshot.timeline != self.timeline {
            return None;
        }
        self.begin();
        let (seen, renewed) = (snapshot.seen, self.wall_clock(now));
        let goes_down = self.variant == Variant::GrantedGoesDown;
        let joins = self.variant == Variant::JoinedByRenewal;
        let found = self.data.row(renewal.boot);
        let is_member = found.is_some() || joins;
        if let Some(stored) = found {
            let granted = &mut stored.row.granted;
            *granted = if goes_down { seen.newest.n } else { seen.newest.n.max(*granted) };
            stored.renewed = renewed;
        } else if joins {
            let row = Row { boot: renewal.boot, granted: seen.newest.n, applied: 0 };
            self.data.rows.push(StoredRow { row, renewed });
        }
        Some(Answer::Renewed { renewal, seen: is_member.then_some(seen) })
    }

    /// As above.
    pub fn join(
        &mut self,
        boot: BootId,
        Question { known, .. }: Question,
        snapshot: Snapshot,
        now: u64,
    ) -> Option<Answer> {
        if snapshot.timeline != self.timeline {
            return None;
        }
        self.begin();
        let applied = if self.data.mark(known.n) == Some(known.mark) { known.n } else { 0 };
        let row = Row { boot, granted: snapshot.seen.newest.n, applied };
        let renewed = self.wall_clock(now);
        self.data.rows.push(StoredRow { row, renewed });
        Some(Answer::Joined { boot })
    }

    pub fn load(&self, question: Question) -> Answer {
        Answer::Loaded { question, seen: self.data.seen(question), active: self.data.active }
    }

    pub fn follow(&self, question: Question) -> Answer {
        let changed = self.data.changed_after(question.known.n);
        let (seen, active) = (self.data.seen(question), self.data.active);
        Answer::Followed { question, seen, changed, active }
    }

    pub fn acknowledge(&mut self, boot: BootId, applied: Generation) -> Answer {
        let is_ours = self.data.mark(applied.n) == Some(applied.mark);
        if is_ours && self.data.row(boot).is_some() {
            self.begin();
        }
        if let Some(stored) = self.data.row(boot).filter(|_| is_ours) {
            stored.row.applied = stored.row.applied.max(applied.n);
        }
        Answer::Acknowledged { applied: applied.n }
    }

    pub fn revoke(&mut self, revocation: u32, key: u8, mark: i64) -> Answer {
        let already = !self.change(key, false, mark);
        let ignores_failover = self.variant == Variant::AbsenceAfterFailover;
        Answer::Revoked {
            revocation,
            change: self.data.generation(),
            timeline: self.timeline,
            is_settled: ignores_failover || self.data.settled == self.timeline,
            already,
        }
    }

    pub fn look(&mut self, revocation: u32, n: i64, now: u64, wait: u64) -> Answer {
        if self.variant == Variant::FencedByAge {
            let (wall, wait) = (self.wall_clock(now), wait.cast_signed());
            self.data.rows.retain(|stored| wall - stored.renewed <= wait);
        }
        let rows = self.data.rows.iter().map(|stored| stored.row).collect();
        let look = Look { mark: self.data.mark(n), timeline: self.timeline, rows };
        Answer::Looked { revocation, look, at: now }
    }

    pub fn fence(&mut self, boots: &[BootId], change: Generation) {
        let is_there = self.data.mark(change.n) == Some(change.mark);
        if !is_there && self.variant != Variant::FencedForLostChange {
            return;
        }
        self.begin();
        self.data
            .rows
            .retain(|StoredRow { row, .. }| !(boots.contains(&row.boot) && row.granted < change.n));
    }

    pub fn settle(&mut self, timeline: u32) {
        if timeline == self.timeline {
            self.begin();
            self.data.settled = timeline;
        }
    }

    pub fn leave(&mut self, boot: BootId) {
        self.begin();
        self.data.rows.retain(|stored| stored.row.boot != boot);
    }

    fn wall_clock(&self, now: u64) -> i64 {
        self.wall + now.cast_signed()
    }
}
