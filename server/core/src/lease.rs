//! When several servers on one store have all stopped accepting a revoked key: leases. Pure.
//!
//! Threat: a server that is paused, slow or cut off from the store accepts a key after the
//! answer to its revocation. After Gray and Cheriton, "Leases: An Efficient Fault-Tolerant
//! Mechanism for Distributed File Cache Consistency" (SOSP 1989). Therefore:
//!
//! 1. Every change raises the [`Generation`] in its transaction and gives it a random mark. Two
//!    histories of one store, as a failover that loses commits leaves them, may reach the same
//!    number; they do not have the same mark.
//! 2. A member accepts keys only while it holds a lease. A renewal reads the clock, then writes
//!    `granted` and learns the generation in one statement; the lease counts from that reading,
//!    and only once every change up to that generation is applied. Hence a member that holds a
//!    lease without change N read the clock before N was committed.
//! 3. So a revoker that read its clock after the commit of N, and waited for T + D, has outlived
//!    every lease without N. It does not wait when every row in `replicas` has applied N.
//! 4. A row is in `replicas`, committed, before the first renewal of its member begins. It is
//!    deleted only by a member that has stopped verifying, or when a revoker has outlived every
//!    lease that was granted before N (`granted < N`), and N is still in the store. `granted` and
//!    `applied` never go down, and `applied` is only raised when the change with that number has
//!    the member's mark.
//! 5. A lookup takes its [`Permit`] first, and the clock is read last. With the clock read first,
//!    a pause in between would outlast the lease. With the permit taken last, a server that
//!    wakes up could find a revoked key, apply the change, renew, and then accept what it found.
//! 6. A failover may lose rows of `replicas` whose members still hold leases. The store's
//!    timeline shows that it happened: until T + D have passed on a new timeline, a row that is
//!    not there proves nothing, and revokers wait.
//! 7. A member that finds a change missing in the store which it has applied or seen, or with
//!    another mark, refuses everything until an operator accepts the store as it is.
//!
//! Durations are measured by each process's own `CLOCK_BOOTTIME`, which goes on while a process
//! is stopped and while a machine sleeps. No wall clock and no clock of the store decides
//! anything. The margin allows two such clocks to differ by 2 %.
//!
//! What this does not cover: a machine whose hypervisor stops that clock too, or that is started
//! from a snapshot of its memory; two primaries at once; and a failover that loses a revocation
//! which a silent server never heard of.
//!
//! | module | what |
//! |---|---|
//! | [`terms`] | T, D and what follows from them |
//! | [`member`] | the side of a server that verifies |
//! | [`revocation`] | the side of a server that answers to a revocation |

pub mod member;
pub mod revocation;
pub mod terms;

pub use member::{Member, Next, Permit, Question, Renewal, Seen};
pub use revocation::{Commit, Decision, Effective, Look, Own, Row};
pub use terms::{InvalidTerms, POLL_EVERY, Terms};

use std::time::Duration;

/// A reading of `CLOCK_BOOTTIME` of this process's machine: since a moment that stays the same
/// while the process lives. Readings of two machines cannot be compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boottime(Duration);

impl Boottime {
    /// `since` that moment.
    pub fn new(since: Duration) -> Self {
        Self(since)
    }

    /// Since that moment, to keep it in an atomic number.
    pub fn elapsed(self) -> Duration {
        self.0
    }

    /// From `earlier` to here; nothing if it is the other way round.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// So much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// One membership of one process: drawn at random for each row in `replicas`, and never used
/// for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootId(pub u128);

/// A change of the keys. By default: before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation {
    /// Counts up from 1 without a gap.
    pub n: i64,
    /// Drawn at random by the transaction of the change.
    pub mark: i64,
}
