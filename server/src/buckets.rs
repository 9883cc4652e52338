//! How often somebody may fail, in a table that cannot grow: who it is is hashed, with a
//! seed that is drawn at start, to two of 65 536 buckets, and takes one that is free. A bucket
//! is a small rate limiter (GCRA). When both are taken, two share the allowance of one: with
//! 200 who fail that happens to one in 100 000, with 20 000 to one in 10.

use std::hash::{BuildHasher, Hash, RandomState};
use std::time::Duration;

use dashmap::DashMap;

use crate::clock::Clock;
use crate::replicas::Servers;

pub struct Buckets {
    table: DashMap<u16, Bucket>,
    hasher: RandomState,
    /// How far ahead of now a bucket may be when one more is counted.
    slack: Duration,
    period: Duration,
    clock: Clock,
    servers: Servers,
}

struct Bucket {
    owner: u64,
    /// When all it counted will be forgotten: the "theoretical arrival time". It is free then.
    empty_at: Duration,
}

/// One attempt that was counted. It stays counted unless it is given back.
#[derive(Debug)]
pub struct Reservation<'a> {
    buckets: &'a Buckets,
    place: u16,
    cost: Duration,
}

impl Buckets {
    /// `burst` attempts at once, then one every `period`; a server has its share of both.
    pub fn new(burst: u32, period: Duration, clock: Clock, servers: Servers) -> Self {
        let slack = period.saturating_mul(burst.saturating_sub(1));
        Self { table: DashMap::new(), hasher: RandomState::new(), slack, period, clock, servers }
    }

    /// Counts one attempt; when there were too many, how long to wait.
    pub fn take(&self, who: impl Hash) -> Result<(), Duration> {
        self.reserve(who).map(drop)
    }

    /// Like [`Buckets::take`], for an attempt that may turn out to be none.
    pub fn reserve(&self, who: impl Hash) -> Result<Reservation<'_>, Duration> {
        let (who, now) = (self.hasher.hash_one(who), self.clock.monotonic());
        let place = self.place(who, now);
        let mut bucket = self.table.entry(place).or_insert(Bucket { owner: who, empty_at: now });
        if bucket.empty_at <= now {
            *bucket = Bucket { owner: who, empty_at: now };
        }
        let wait = bucket.empty_at.saturating_sub(now + self.slack);
        if !wait.is_zero() {
            return Err(wait);
        }
        let cost = self.period.saturating_mul(self.servers.get());
        bucket.empty_at += cost;
        Ok(Reservation { buckets: self, place, cost })
    }

    /// The bucket that `who` has, else a free one, else one to share.
    fn place(&self, who: u64, now: Duration) -> u16 {
        #[expect(clippy::cast_possible_truncation, reason = "the number of buckets is 2^16")]
        let [first, second] = [who as u16, (who >> 16) as u16];
        let taken_by = |place| {
            let bucket = self.table.get(&place)?;
            (bucket.empty_at > now).then_some(bucket.owner)
        };
        match (taken_by(first), taken_by(second)) {
            (_, Some(owner)) if owner == who => second,
            (Some(owner), None) if owner != who => second,
            _ => first,
        }
    }
}

impl Reservation<'_> {
    pub fn give_back(self) {
        if let Some(mut bucket) = self.buckets.table.get_mut(&self.place) {
            bucket.empty_at = bucket.empty_at.saturating_sub(self.cost);
        }
    }
}

impl std::fmt::Debug for Buckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Buckets").field("used", &self.table.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn the_table_does_not_grow_over_its_bound() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let buckets = Buckets::new(1, Duration::from_secs(1), clock, Servers::default());
        for n in 0..300_000_u32 {
            let _ = buckets.take(n);
        }
        assert!(buckets.table.len() <= 65_536);
    }

    #[test]
    fn a_burst_then_one_every_period_and_what_is_given_back_was_never_counted() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + time::Duration::days(1));
        let buckets = Buckets::new(3, Duration::from_secs(2), clock.clone(), Servers::default());
        buckets.take("a").unwrap();
        buckets.take("a").unwrap();
        let third = buckets.reserve("a").unwrap();
        assert_eq!(buckets.take("a").unwrap_err(), Duration::from_secs(2));
        clock.advance(Duration::from_millis(500));
        assert_eq!(buckets.take("a").unwrap_err(), Duration::from_millis(1_500));
        third.give_back();
        let again = buckets.reserve("a").unwrap();
        assert!(buckets.take("a").is_err());
        // Given back when all of it is forgotten anyway, it is no credit.
        clock.advance(Duration::from_mins(1));
        again.give_back();
        for _ in 0..3 {
            buckets.take("a").unwrap();
        }
        assert!(buckets.take("a").is_err());
    }

    #[test]
    fn one_of_three_servers_grants_a_third_rounded_up() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + time::Duration::days(1));
        let (second, servers) = (Duration::from_secs(1), Servers::default());
        let buckets = Buckets::new(10, second, clock.clone(), servers.clone());
        servers.set(3);
        let granted = || (0..20).filter(|_| buckets.take("a").is_ok()).count();
        assert_eq!(granted(), 4);
        clock.advance(second * 12);
        assert_eq!(granted(), 4);
        let given = buckets.reserve("b").unwrap();
        servers.set(1);
        given.give_back();
        assert_eq!((0..20).filter(|_| buckets.take("b").is_ok()).count(), 10);
    }

    #[test]
    fn of_thousands_that_fail_hardly_two_share_a_bucket() {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let buckets = Buckets::new(1, Duration::from_hours(1), clock, Servers::default());
        let shared = (0..5_000_u32).filter(|n| buckets.take(n).is_err()).count();
        assert!(shared < 100, "{shared}");
        assert_eq!((0..5_000_u32).filter(|n| buckets.take(n).is_ok()).count(), 0);
    }
}
