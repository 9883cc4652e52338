//! How often somebody may fail, in a table that cannot grow: who it is is hashed, with a
//! seed that is drawn at start, into one of 65 536 buckets, and a bucket is a small rate
//! limiter (GCRA). Two that meet in a bucket share its allowance.

use std::hash::{BuildHasher, Hash, RandomState};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

type Bucket = RateLimiter<NotKeyed, InMemoryState, Clock, NoOpMiddleware<Duration>>;

/// Attempts by whoever makes them.
pub struct Buckets {
    table: DashMap<u16, Arc<Bucket>>,
    hasher: RandomState,
    quota: Quota,
    clock: Clock,
}

impl Buckets {
    /// `burst` attempts at once, then one every `period`.
    pub fn new(burst: u32, period: Duration, clock: Clock) -> Self {
        let quota = Quota::with_period(period)
            .unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Self { table: DashMap::new(), hasher: RandomState::new(), quota, clock }
    }

    /// Counts one attempt; when there were too many, how long to wait.
    pub fn take(&self, who: impl Hash) -> Result<(), Duration> {
        let new = || Arc::new(RateLimiter::direct_with_clock(self.quota, self.clock.clone()));
        let bucket = self.table.entry(self.bucket(who)).or_insert_with(new).clone();
        bucket.check().map_err(|until| until.wait_time_from(self.clock.monotonic()))
    }

    /// Forgets the attempts.
    pub fn forget(&self, who: impl Hash) {
        self.table.remove(&self.bucket(who));
    }

    fn bucket(&self, who: impl Hash) -> u16 {
        #[expect(clippy::cast_possible_truncation, reason = "the number of buckets is 2^16")]
        let bucket = self.hasher.hash_one(who) as u16;
        bucket
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn the_table_does_not_grow_over_its_bound() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let buckets = Buckets::new(1, Duration::from_secs(1), clock);
        for n in 0..300_000_u32 {
            let _ = buckets.take(n);
        }
        assert!(buckets.table.len() <= 65_536);
    }
}
