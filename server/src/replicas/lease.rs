//! Until when keys may be accepted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_core::lease::{Boottime, Permit};

use crate::clock::boottime;

/// For ever: there is one server alone.
const UNBOUND: u64 = u64::MAX;

/// Until when keys may be accepted: read by each verification, which waits for nothing.
#[derive(Debug)]
pub struct Lease(AtomicU64);

impl Lease {
    /// Of a server that is alone: there is no end.
    pub fn unbound() -> Self {
        Self(AtomicU64::new(UNBOUND))
    }

    /// Of a server that has not joined yet: nothing is accepted.
    pub fn none() -> Self {
        Self(AtomicU64::new(0))
    }

    /// To be taken before a key is looked up.
    pub fn permit(&self) -> Permit {
        // What was changed in memory before this was stored is seen by what is looked up now.
        Permit::new(Boottime::new(Duration::from_nanos(self.0.load(Ordering::Acquire))))
    }

    /// Whether what was looked up after the permit was taken may be accepted; reads the clock.
    pub fn covers(permit: Permit) -> bool {
        permit == Permit::new(Boottime::new(Duration::from_nanos(UNBOUND)))
            || permit.covers(boottime())
    }

    /// How much of it is left; none: it has no end.
    pub fn left(&self) -> Option<Duration> {
        let permit = self.permit();
        let is_bound = permit.until() != Boottime::new(Duration::from_nanos(UNBOUND));
        is_bound.then(|| permit.until().since(boottime()))
    }

    pub(super) fn set(&self, permit: Permit) {
        let nanos = u64::try_from(permit.until().elapsed().as_nanos());
        self.0.store(nanos.unwrap_or(UNBOUND - 1), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_by_the_clock_of_the_machine() {
        let lease = Lease::none();
        assert!(!Lease::covers(lease.permit()));
        lease.set(Permit::new(boottime().after(Duration::from_mins(1))));
        let permit = lease.permit();
        assert!(Lease::covers(permit) && lease.left() > Some(Duration::from_secs(50)));
        lease.set(Permit::new(boottime()));
        assert!(!Lease::covers(lease.permit()) && lease.left() == Some(Duration::ZERO));
        assert!(Lease::covers(permit), "what was taken before counts for what it was taken for");
    }

    #[test]
    fn a_server_that_is_alone_has_no_lease_that_could_end() {
        let lease = Lease::unbound();
        assert!(Lease::covers(lease.permit()) && lease.left().is_none());
    }
}
