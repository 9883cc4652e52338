//! T, D and what follows from them. All servers of a store have the same.

use std::time::Duration;

/// How often a member asks for the generation, and a revoker for the rows. Notifications only
/// make it sooner.
pub const POLL_EVERY: Duration = Duration::from_millis(250);

const LEASE: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);
const DEFAULT_LEASE: Duration = Duration::from_secs(5);
/// A revoker that misses a member waits so long.
const MAX_ALONE: Duration = Duration::from_hours(24);

/// Beyond the share of the lease: for what is lost to rounding and to coarse clocks.
const LEAST_MARGIN: Duration = Duration::from_millis(50);
/// 5 %: clocks may differ by 1 % each way, and the rest is reserve.
const MARGIN_SHARE: u32 = 20;

/// How long leases are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    lease: Duration,
    alone: Duration,
}

/// Why terms were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerms {
    /// T.
    #[error("a lease is from 1 to 60 seconds")]
    Lease,
    /// D.
    #[error("a server goes on without the database for at most 24 hours")]
    Alone,
}

impl Terms {
    /// T and D, in whole milliseconds; what is below is dropped.
    pub fn new(lease: Duration, alone: Duration) -> Result<Self, InvalidTerms> {
        let whole = |duration: Duration| {
            let below = Duration::from_nanos(u64::from(duration.subsec_nanos() % 1_000_000));
            duration.saturating_sub(below)
        };
        let (lease, alone) = (whole(lease), whole(alone));
        if !LEASE.contains(&lease) {
            return Err(InvalidTerms::Lease);
        }
        if alone > MAX_ALONE {
            return Err(InvalidTerms::Alone);
        }
        Ok(Self { lease, alone })
    }

    /// T: how long a member goes on after its last renewal, before D.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// D: how much longer, for when the database is away.
    pub fn alone(&self) -> Duration {
        self.alone
    }

    /// T + D, how long a revoker waits for a silent member.
    pub fn wait(&self) -> Duration {
        self.lease + self.alone
    }

    /// m, by how much a member stops earlier: 5 % of T + D, and 50 ms. The share is of both,
    /// since clocks that differ by 2 % drift apart during D as well.
    pub fn margin(&self) -> Duration {
        self.wait() / MARGIN_SHARE + LEAST_MARGIN
    }

    /// T + D - m, how long a lease is used.
    pub fn use_of_lease(&self) -> Duration {
        self.wait().saturating_sub(self.margin())
    }

    /// T / 3, so that two renewals may be lost.
    pub fn renew_every(&self) -> Duration {
        self.lease / 3
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self { lease: DEFAULT_LEASE, alone: Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn terms_outside_their_range_are_refused() {
        for lease in [Duration::ZERO, Duration::from_micros(999_999), Duration::from_secs(61)] {
            assert_eq!(Terms::new(lease, Duration::ZERO), Err(InvalidTerms::Lease));
        }
        assert_eq!(Terms::new(SECOND, MAX_ALONE + SECOND), Err(InvalidTerms::Alone));
        for lease in [SECOND, 60 * SECOND] {
            assert!(Terms::new(lease, MAX_ALONE).is_ok());
        }
    }

    #[test]
    fn terms_are_whole_milliseconds_so_that_stored_ones_are_the_same() {
        let terms = Terms::new(Duration::from_nanos(1_234_567_890), Duration::from_nanos(999_999));
        let whole = Terms::new(Duration::from_millis(1_234), Duration::ZERO);
        assert_eq!(terms, whole);
    }

    #[test]
    fn the_margin_covers_clocks_that_differ_by_one_percent_each_way() {
        for lease in [SECOND, 5 * SECOND, 60 * SECOND] {
            for alone in [Duration::ZERO, 10 * SECOND, 3_600 * SECOND, MAX_ALONE] {
                let terms = Terms::new(lease, alone).unwrap();
                // The member's clock is slow, the revoker's fast.
                let used = terms.use_of_lease().as_secs_f64() / 0.99;
                assert!(used < terms.wait().as_secs_f64() / 1.01, "{terms:?}");
            }
        }
    }

    #[test]
    fn two_renewals_of_a_lease_may_be_lost() {
        for lease in [SECOND, 5 * SECOND, 60 * SECOND] {
            let terms = Terms::new(lease, Duration::ZERO).unwrap();
            assert!(2 * terms.renew_every() + POLL_EVERY / 2 < terms.use_of_lease());
        }
    }
}
