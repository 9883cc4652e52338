//! The side of a server that answers to a revocation, or to any change that takes authority away.
//!
//! 1. Commit the change, then read the clock.
//! 2. Look at the store: at once, when notified, and at the latest when [`Decision::Wait`] says.
//!    A look begins after the commit and reads everything in one snapshot.
//! 3. Answer on [`Decision::Done`]; then delete and settle what it names.
//!
//! A commit whose outcome is unknown is never answered as success. Neither is a request that
//! finds its key revoked already, before this has been done for it too: with the newest
//! generation of the transaction that found it so, and a clock that is read after it.

use std::time::Duration;

use super::{BootId, Boottime, Generation, POLL_EVERY, Terms};

/// A change whose commit returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The change.
    pub change: Generation,
    /// Read after the commit returned.
    pub returned: Boottime,
    /// The timeline that the transaction ran on. On PostgreSQL
    /// `substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`, which every promotion raises.
    pub timeline: u32,
    /// Whether the transaction found this timeline stored as the settled one.
    pub is_settled: bool,
}

/// A row in `replicas`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub boot: BootId,
    /// The highest number of a change that a renewal, or its joining, has seen.
    pub granted: i64,
    /// The highest number of a change that it acknowledged.
    pub applied: i64,
}

/// What a revoker reads, in one snapshot that is later than the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The mark of the change with the revoker's number, `None` if there is none.
    pub mark: Option<i64>,
    /// The timeline.
    pub timeline: u32,
    /// All of them.
    pub rows: Vec<Row>,
}

/// The revoker as a member: it knows what it has applied, without writing it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its row.
    pub boot: BootId,
    /// What it has applied, and would acknowledge.
    pub applied: i64,
}

/// The change is in effect on every server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effective {
    /// Its number.
    pub generation: i64,
    /// How many members have applied it.
    pub acknowledged: usize,
    /// How many were silent until their leases without it had ended.
    pub fenced: usize,
    /// Since the commit returned.
    pub waited: Duration,
}

/// What a revoker does after a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Look again when notified, and at this time at the latest.
    Wait(Boottime),
    /// Answer.
    Done {
        /// What to say.
        effective: Effective,
        /// Rows to be deleted, each if `granted` is still below the change, and if the change is
        /// still in the store, with its mark: in another history the number says nothing of a
        /// row. If that fails, the next revoker waits again.
        fence: Vec<BootId>,
        /// To be stored as the settled timeline, if it is still the current one.
        settle: Option<u32>,
    },
    /// The store has lost the change. The outcome is not a success.
    Lost,
}

impl Commit {
    /// When every lease without the change has ended.
    pub fn outlives(&self, terms: &Terms) -> Boottime {
        self.returned.after(terms.wait())
    }

    /// What to do after a look. `now` is read after its answer came; `own` is `None` for a process
    /// that is not a member.
    pub fn decide(&self, terms: &Terms, look: &Look, own: Option<Own>, now: Boottime) -> Decision {
        if look.mark != Some(self.change.mark) {
            return Decision::Lost;
        }
        let n = self.change.n;
        let has_applied = |row: &&Row| {
            let is_own = own.is_some_and(|own| own.boot == row.boot && n <= own.applied);
            is_own || n <= row.applied
        };
        let acknowledged = look.rows.iter().filter(has_applied).count();
        let fenced = look.rows.len() - acknowledged;
        let end = self.outlives(terms);
        let is_outlived = end <= now;
        if !is_outlived && (fenced > 0 || !self.is_settled) {
            return Decision::Wait(end.min(now.after(POLL_EVERY)));
        }
        let waited = now.since(self.returned);
        // Those that have applied it, and did not renew since, are silent as well.
        let silent = look.rows.iter().filter(|row| is_outlived && row.granted < n);
        Decision::Done {
            effective: Effective { generation: n, acknowledged, fenced, waited },
            fence: silent.map(|row| row.boot).collect(),
            settle: (!self.is_settled && look.timeline == self.timeline).then_some(look.timeline),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: fn() -> Terms = Terms::default;

    fn commit() -> Commit {
        let change = Generation { n: 7, mark: 70 };
        Commit { change, returned: millis(100_000), timeline: 1, is_settled: true }
    }

    fn millis(millis: u64) -> Boottime {
        Boottime::new(Duration::from_millis(millis))
    }

    /// Rows by `(granted, applied)`, with ids that count up from 0.
    fn look(rows: &[(i64, i64)]) -> Look {
        let row = |(boot, &(granted, applied))| Row { boot: BootId(boot), granted, applied };
        Look { mark: Some(70), timeline: 1, rows: (0..).zip(rows).map(row).collect() }
    }

    fn done(acknowledged: usize, fenced: usize, waited: u64, fence: &[u128]) -> Decision {
        let waited = Duration::from_millis(waited);
        let fence = fence.iter().map(|boot| BootId(*boot)).collect();
        let effective = Effective { generation: 7, acknowledged, fenced, waited };
        Decision::Done { effective, fence, settle: None }
    }

    #[test]
    fn when_all_have_applied_it_the_answer_waits_for_nothing() {
        let decision = commit().decide(&TERMS(), &look(&[(6, 7), (9, 9)]), None, millis(100_018));
        assert_eq!(decision, done(2, 0, 18, &[]));
        assert_eq!(
            commit().decide(&TERMS(), &look(&[]), None, millis(100_001)),
            done(0, 0, 1, &[]),
            "alone"
        );
    }

    #[test]
    fn one_that_is_silent_is_waited_for_and_then_fenced() {
        let look = look(&[(7, 7), (6, 6), (7, 6), (6, 7)]);
        let decide = |now| commit().decide(&TERMS(), &look, None, millis(now));
        assert_eq!(decide(100_010), Decision::Wait(millis(100_260)));
        assert_eq!(decide(104_900), Decision::Wait(millis(105_000)), "not later than the lease");
        assert_eq!(decide(104_999), Decision::Wait(millis(105_000)));
        // Who was granted it has only leases with it, and is not deleted.
        assert_eq!(decide(105_000), done(2, 2, 5_000, &[1, 3]));
    }

    #[test]
    fn the_revoker_counts_its_own_row_by_what_it_has_applied() {
        let look = look(&[(6, 7), (6, 6)]);
        let own = |boot, applied| Some(Own { boot: BootId(boot), applied });
        let decide = |own| commit().decide(&TERMS(), &look, own, millis(100_002));
        assert_eq!(decide(own(1, 7)), done(2, 0, 2, &[]));
        for own in [own(1, 6), own(2, 9), None] {
            assert!(matches!(decide(own), Decision::Wait(_)), "{own:?}");
        }
    }

    #[test]
    fn a_change_that_the_store_has_lost_is_no_success() {
        for mark in [None, Some(71)] {
            let look = Look { mark, ..look(&[(7, 7)]) };
            for now in [100_001, 200_000] {
                assert_eq!(commit().decide(&TERMS(), &look, None, millis(now)), Decision::Lost);
            }
        }
    }

    #[test]
    fn on_a_new_timeline_a_row_that_is_not_there_proves_nothing() {
        let commit = Commit { is_settled: false, ..commit() };
        let acknowledged = look(&[(7, 7)]);
        let decide = |look, now| commit.decide(&TERMS(), look, None, millis(now));
        assert_eq!(decide(&acknowledged, 100_001), Decision::Wait(millis(100_251)));
        let settled = |decision| match decision {
            Decision::Done { settle, .. } => settle,
            other => panic!("{other:?}"),
        };
        assert_eq!(settled(decide(&acknowledged, 105_000)), Some(1));
        let promoted_since = Look { timeline: 2, ..look(&[(7, 7)]) };
        assert_eq!(settled(decide(&promoted_since, 105_000)), None);
    }
}
