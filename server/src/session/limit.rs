//! How often somebody may try to sign in: by client address and by account.
//!
//! The table cannot grow: an address or account is hashed, with a seed that is drawn at
//! start, into one of 65 536 buckets, and a bucket is a small rate limiter (GCRA). Two
//! that meet in a bucket share its allowance. A success clears both of its buckets, so a
//! person who signs in often is not slowed down.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// 20 attempts at once from an address, then one every 10 seconds.
const ADDRESS: (u32, Duration) = (20, Duration::from_secs(10));
/// 30 attempts at once on an account, then one every 2 seconds.
const ACCOUNT: (u32, Duration) = (30, Duration::from_secs(2));

type Bucket<C> = RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts attempts to sign in.
pub struct SignInLimit<C: Clock = DefaultClock> {
    buckets: DashMap<(Who, u16), Arc<Bucket<C>>>,
    hasher: RandomState,
    clock: C,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Who {
    Address,
    Account,
}

impl<C: Clock + Clone> SignInLimit<C> {
    /// Nobody has tried yet.
    pub fn new(clock: C) -> Self {
        Self { buckets: DashMap::new(), hasher: RandomState::new(), clock }
    }

    /// Counts one attempt; when there were too many, how long to wait.
    pub fn attempt(&self, address: IpAddr, account: &str) -> Result<(), Duration> {
        // The address first: one that is refused takes nothing from the account, and one
        // that is not is slower than an account recovers. So a single address cannot lock
        // anybody out.
        self.take((Who::Address, self.bucket(&network(address))), ADDRESS)?;
        self.take((Who::Account, self.bucket(&account)), ACCOUNT)
    }

    /// Forgets the attempts of whoever signed in.
    pub fn succeeded(&self, address: IpAddr, account: &str) {
        self.buckets.remove(&(Who::Address, self.bucket(&network(address))));
        self.buckets.remove(&(Who::Account, self.bucket(&account)));
    }

    fn bucket(&self, value: &impl Hash) -> u16 {
        #[expect(clippy::cast_possible_truncation, reason = "the number of buckets is 2^16")]
        let bucket = self.hasher.hash_one(value) as u16;
        bucket
    }

    fn take(&self, key: (Who, u16), (burst, period): (u32, Duration)) -> Result<(), Duration> {
        let quota = Quota::with_period(period)
            .unwrap_or_else(|| Quota::per_minute(NonZeroU32::MIN))
            .allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        let new = || Arc::new(RateLimiter::direct_with_clock(quota, self.clock.clone()));
        let bucket = self.buckets.entry(key).or_insert_with(new).clone();
        bucket.check().map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

/// An IPv6 customer has a whole /64 to send from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit() -> (SignInLimit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (SignInLimit::new(clock.clone()), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_account_has_30_attempts_from_anywhere_then_one_every_2_seconds() {
        let (limit, clock) = limit();
        for n in 0..30 {
            limit.attempt(ip(&format!("192.0.2.{n}")), "a@b").unwrap();
        }
        let wait = limit.attempt(ip("192.0.2.99"), "a@b").unwrap_err();
        assert!(wait <= Duration::from_secs(2) && wait > Duration::from_secs(1), "{wait:?}");
        clock.advance(Duration::from_secs(2));
        limit.attempt(ip("192.0.2.100"), "a@b").unwrap();
        assert!(limit.attempt(ip("192.0.2.101"), "a@b").is_err());
    }

    #[test]
    fn a_single_address_cannot_lock_anybody_out() {
        let (limit, clock) = limit();
        for _ in 0..600 {
            let _ = limit.attempt(ip("192.0.2.1"), "a@b");
            clock.advance(Duration::from_millis(500));
        }
        limit.attempt(ip("192.0.2.2"), "a@b").unwrap();
    }

    #[test]
    fn an_address_has_20_attempts_on_any_accounts_and_ipv6_counts_by_64_bits() {
        let (limit, _) = limit();
        for n in 0..20 {
            limit.attempt(ip(&format!("2001:db8::{n}")), &format!("{n}@b")).unwrap();
        }
        assert!(limit.attempt(ip("2001:db8::ffff:1"), "new@b").is_err());
        assert!(limit.attempt(ip("2001:db8:0:1::1"), "other@b").is_ok());
    }

    #[test]
    fn a_success_clears_both() {
        let (limit, _) = limit();
        for _ in 0..50 {
            limit.attempt(ip("192.0.2.1"), "a@b").unwrap();
            limit.succeeded(ip("192.0.2.1"), "a@b");
        }
    }

    #[test]
    fn the_table_does_not_grow_over_its_bound() {
        let (limit, _) = limit();
        for n in 0..300_000_u32 {
            let _ = limit.attempt(IpAddr::V4(n.into()), &n.to_string());
        }
        assert!(limit.buckets.len() <= 2 * 65_536);
    }
}
