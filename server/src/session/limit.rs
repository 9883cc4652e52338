//! How often somebody may guess a password. Failures are counted, not attempts: an attempt is
//! counted when it begins, so that guesses made at the same time are not free, and given back
//! when it turns out right or could not be judged. A flood of wrong guesses must not keep the
//! owner of the account out, so that attempts are of four kinds:
//!
//! 1. From a browser that signed in to this account before ([`super::browser`]): its own
//!    allowance, and no other.
//! 2. From an address that signed in to this account since this server started: the allowance
//!    of the address.
//! 3. The first failures from a network that has had none lately: the allowances of the
//!    address and, for IPv6, of its /48.
//! 4. All others: those, and what is left of the one allowance that all of them share for this
//!    account.
//!
//! So a network that never failed signs in whatever others do, and with N networks somebody
//! gets N times [`FIRST`] guesses more than the shared allowance, which is the price. A single
//! address or /48 cannot use up what an account has: it recovers more slowly, and has less.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use dashmap::DashMap;

use super::browser::BrowserId;
use super::password::Lane;
use crate::buckets::{Buckets, Reservation};
use crate::clock::Clock;
use crate::replicas::Servers;
use keyward_core::networks::rate_limit_key;

/// So many failures at once, and then one more after each of these times.
type Allowance = (u32, Duration);

/// Of a browser that signed in to the account before.
pub const BROWSER: Allowance = (20, Duration::from_secs(10));
/// Of an IPv4 address or an IPv6 /64.
pub const ADDRESS: Allowance = (20, Duration::from_secs(10));
/// Of an IPv6 /48.
pub const SITE: Allowance = (30, Duration::from_secs(5));
/// Of an IPv4 address or an IPv6 /48, outside of what the account has.
pub const FIRST: Allowance = (3, Duration::from_hours(8));
/// Of an account, shared by all that nothing is known of.
pub const ACCOUNT: Allowance = (30, Duration::from_secs(2));

/// Of codes for an account, beside all of the above, by those who know its password. What is left
/// to them in a day is 288 guesses of which 3 in a million are right.
pub const CODES: Allowance = (10, Duration::from_mins(5));

/// An address that signed in to an account is known for so long.
pub const KNOWN_FOR: Duration = Duration::from_hours(30 * 24);

pub struct SignInLimit {
    browsers: Buckets,
    addresses: Buckets,
    sites: Buckets,
    first: Buckets,
    accounts: Buckets,
    codes: Buckets,
    known: KnownAddresses,
}

/// An attempt that was let in, and is counted as a failure unless something else is said.
#[derive(Debug)]
#[must_use]
pub struct Attempt<'a> {
    pub lane: Lane,
    reservations: Vec<Reservation<'a>>,
}

impl SignInLimit {
    pub fn new(clock: &Clock, servers: &Servers) -> Self {
        let buckets = |(burst, period): Allowance| {
            Buckets::new(burst, period, clock.clone(), servers.clone())
        };
        Self {
            browsers: buckets(BROWSER),
            addresses: buckets(ADDRESS),
            sites: buckets(SITE),
            first: buckets(FIRST),
            accounts: buckets(ACCOUNT),
            codes: buckets(CODES),
            known: KnownAddresses::new(clock.clone()),
        }
    }

    /// Begins an attempt on `account`; when too many failed, how long to wait. All requests
    /// without an address share one.
    pub fn attempt(
        &self,
        address: Option<IpAddr>,
        account: &str,
        browser: Option<&BrowserId>,
    ) -> Result<Attempt<'_>, Duration> {
        Attempt::begin(|attempt| {
            if let Some(browser) = browser {
                attempt.lane = Lane::Known;
                return attempt.count(self.browsers.reserve(browser));
            }
            attempt.count(self.addresses.reserve(address.map(rate_limit_key)))?;
            if self.known.contains(address, account) {
                attempt.lane = Lane::New;
                return Ok(());
            }
            attempt.count(self.sites.reserve(address.map(site)))?;
            if attempt.count(self.first.reserve(address.map(site))).is_ok() {
                attempt.lane = Lane::New;
                return Ok(());
            }
            attempt.count(self.accounts.reserve(account))
        })
    }

    /// Goes on with an attempt on `account` whose password was right, and that has a code; when too
    /// many codes failed, how long to wait. A known browser has its own allowance here too, so that
    /// others who know the password do not keep it out.
    pub fn attempt_code<'a>(
        &'a self,
        mut attempt: Attempt<'a>,
        account: &str,
        browser: Option<&BrowserId>,
    ) -> Result<Attempt<'a>, Duration> {
        match attempt.count(self.codes.reserve((account, browser))) {
            Ok(()) => Ok(attempt),
            Err(wait) => {
                attempt.give_back();
                Err(wait)
            }
        }
    }

    /// Begins an attempt to present a setup token. Nobody can guess one, so that there is no
    /// limit for all together, which would keep the owner out.
    pub fn attempt_setup(&self, address: Option<IpAddr>) -> Result<Attempt<'_>, Duration> {
        Attempt::begin(|attempt| {
            attempt.count(self.addresses.reserve(address.map(rate_limit_key)))?;
            attempt.count(self.sites.reserve(address.map(site)))
        })
    }

    /// Remembers that this address signed in to this account.
    pub fn signed_in(&self, address: Option<IpAddr>, account: &str) {
        self.known.insert(address, account);
    }
}

impl<'a> Attempt<'a> {
    /// Counts all that `count` wants counted, or nothing.
    fn begin(count: impl FnOnce(&mut Self) -> Result<(), Duration>) -> Result<Self, Duration> {
        let mut attempt = Self { lane: Lane::Crowd, reservations: Vec::new() };
        match count(&mut attempt) {
            Ok(()) => Ok(attempt),
            Err(wait) => {
                attempt.give_back();
                Err(wait)
            }
        }
    }

    fn count(&mut self, reserved: Result<Reservation<'a>, Duration>) -> Result<(), Duration> {
        self.reservations.push(reserved?);
        Ok(())
    }

    pub fn give_back(self) {
        self.reservations.into_iter().for_each(Reservation::give_back);
    }
}

/// The /48 of an IPv6 address, which is what a subscriber with many /64 has; an IPv4 address.
fn site(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Addresses that signed in, each with the account. The table has a place for each value of
/// 16 bits of the hash, so that it cannot grow, and only who signs in changes it.
struct KnownAddresses {
    table: DashMap<u16, (u64, Duration)>,
    hasher: RandomState,
    clock: Clock,
}

impl KnownAddresses {
    fn new(clock: Clock) -> Self {
        Self { table: DashMap::new(), hasher: RandomState::new(), clock }
    }

    fn insert(&self, address: Option<IpAddr>, account: &str) {
        // Requests without an address may come from anybody.
        let Some(address) = address else { return };
        let (place, hash) = self.place(address, account);
        self.table.insert(place, (hash, self.clock.monotonic() + KNOWN_FOR));
    }

    fn contains(&self, address: Option<IpAddr>, account: &str) -> bool {
        address.is_some_and(|address| {
            let (place, hash) = self.place(address, account);
            let found = self.table.get(&place).map(|found| *found);
            found.is_some_and(|(known, ends)| known == hash && self.clock.monotonic() < ends)
        })
    }

    fn place(&self, address: IpAddr, account: &str) -> (u16, u64) {
        let hash = self.hasher.hash_one((rate_limit_key(address), account));
        #[expect(clippy::cast_possible_truncation, reason = "the number of places is 2^16")]
        let place = hash as u16;
        (place, hash)
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    const ADA: &str = "ada@example.com";

    fn limit() -> (SignInLimit, Clock) {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH + time::Duration::days(9));
        (SignInLimit::new(&clock, &Servers::default()), clock)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form in which addresses are taken")]
    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    fn browser(n: u8) -> BrowserId {
        BrowserId([n; 16])
    }

    /// A wrong guess: whether it was let in.
    fn fail(limit: &SignInLimit, address: Option<IpAddr>, account: &str) -> bool {
        limit.attempt(address, account, None).is_ok()
    }

    /// Guesses on Ada's account from 200 addresses and 300 networks of an IPv6 /48 until each
    /// of them is refused; how many were let in.
    fn flood(limit: &SignInLimit) -> usize {
        let v4 = (0..200).map(|n| ip(&format!("192.0.2.{n}")));
        let v6 = (0..300).map(|n| ip(&format!("2001:db8:0:{n:x}::1")));
        let all = v4.chain(v6).flat_map(|address| std::iter::repeat_n(address, 20));
        all.filter(|address| fail(limit, *address, ADA)).count()
    }

    #[test]
    fn a_flood_has_three_guesses_a_network_and_what_the_account_has() {
        let (limit, clock) = limit();
        let let_in = flood(&limit);
        // Two networks of 201 that meet in a bucket share the first three guesses.
        assert!((201 * 3 + 30 - 15..=201 * 3 + 30).contains(&let_in), "{let_in}");
        clock.advance(Duration::from_secs(2));
        assert_eq!(flood(&limit), 1);
        clock.advance(Duration::from_mins(10));
        assert_eq!(flood(&limit), 30);
    }

    #[test]
    fn during_a_flood_known_browsers_known_addresses_and_new_networks_are_let_in() {
        let (limit, clock) = limit();
        let home = ip("198.51.100.7");
        // So that the address is known, and not new.
        (0..3).for_each(|_| _ = fail(&limit, home, ADA));
        limit.signed_in(home, ADA);
        for _ in 0..60 {
            flood(&limit);
            // The address of the browser is one of the attacker's.
            let known = limit.attempt(ip("192.0.2.1"), ADA, Some(&browser(1))).unwrap();
            assert_eq!(known.lane, Lane::Known);
            known.give_back();
            for address in [home, ip("203.0.113.5"), ip("2001:db8:1::1")] {
                let attempt = limit.attempt(address, ADA, None).unwrap();
                assert_eq!(attempt.lane, Lane::New, "{address:?}");
                attempt.give_back();
            }
            // One of the attacker's that does not send the cookie, and one of their /48.
            assert!(limit.attempt(ip("192.0.2.1"), ADA, None).is_err());
            assert!(limit.attempt(ip("2001:db8:0:ffff::1"), ADA, None).is_err());
            clock.advance(Duration::from_secs(1));
        }
    }

    #[test]
    fn codes_have_an_allowance_of_the_account_and_a_known_browser_its_own() {
        let (limit, clock) = limit();
        // Each from another network, so that nothing else is in the way.
        let guess = |n: usize, browser: Option<&BrowserId>| {
            let attempt = limit.attempt(ip(&format!("203.0.{n}.1")), ADA, browser).unwrap();
            limit.attempt_code(attempt, ADA, browser)
        };
        for n in 0..10 {
            drop(guess(n, None).unwrap());
        }
        assert_eq!(guess(10, None).unwrap_err(), Duration::from_mins(5));
        guess(11, Some(&browser(1))).unwrap().give_back();
        // What was right is not counted.
        clock.advance(Duration::from_mins(5));
        for n in 0..3 {
            guess(n, None).unwrap().give_back();
        }
        drop(guess(0, None).unwrap());
        assert!(guess(1, None).is_err());
    }

    #[test]
    fn a_new_network_has_three_failures_in_eight_hours_outside_of_what_the_account_has() {
        let (limit, clock) = limit();
        let address = ip("203.0.113.5");
        flood(&limit);
        for _ in 0..3 {
            assert!(fail(&limit, address, ADA));
        }
        assert!(!fail(&limit, address, ADA));
        clock.advance(Duration::from_hours(8));
        flood(&limit);
        assert!(fail(&limit, address, ADA));
        assert!(!fail(&limit, address, ADA));
    }

    #[test]
    fn an_address_is_known_for_the_account_it_signed_in_to_and_for_30_days() {
        let (limit, clock) = limit();
        let home = ip("198.51.100.7");
        (0..3).for_each(|_| _ = fail(&limit, home, ADA));
        limit.signed_in(home, ADA);
        (0..90).for_each(|n| _ = fail(&limit, ip(&format!("192.0.2.{}", n % 10)), ADA));
        (0..90).for_each(|n| _ = fail(&limit, ip(&format!("192.0.2.{}", n % 10 + 10)), "bob"));
        assert_eq!(limit.attempt(home, ADA, None).unwrap().lane, Lane::New);
        assert!(!fail(&limit, home, "bob"));
        clock.advance(Duration::from_hours(30 * 24).saturating_sub(Duration::from_secs(1)));
        assert!(limit.known.contains(home, ADA));
        clock.advance(Duration::from_secs(1));
        assert!(!limit.known.contains(home, ADA));
    }

    #[test]
    fn a_single_address_or_site_never_uses_up_what_an_account_has() {
        let (limit, clock) = limit();
        for second in 0..600 {
            fail(&limit, ip("192.0.2.1"), ADA);
            assert!(limit.accounts.reserve(ADA).map(Reservation::give_back).is_ok());
            clock.advance(Duration::from_millis(500 + second % 7));
        }
        let (limit, clock) = self::limit();
        for n in 0..60_000_u32 {
            fail(&limit, ip(&format!("2001:db8:0:{n:x}::1")), ADA);
            assert!(limit.accounts.reserve(ADA).map(Reservation::give_back).is_ok());
            clock.advance(Duration::from_millis(10));
        }
    }

    #[test]
    fn an_address_has_20_failures_on_any_accounts_and_ipv6_counts_by_64_and_by_48_bits() {
        let (limit, clock) = limit();
        for n in 0..20 {
            assert!(fail(&limit, ip(&format!("2001:db8::{n}")), &format!("{n}@b")));
        }
        let wait = limit.attempt(ip("2001:db8::ffff:1"), "new@b", None).unwrap_err();
        assert_eq!(wait, Duration::from_secs(10));
        for n in 1..=10 {
            assert!(fail(&limit, ip(&format!("2001:db8:0:{n}::1")), &format!("{n}@c")));
        }
        let wait = limit.attempt(ip("2001:db8:0:b::1"), "new@c", None).unwrap_err();
        assert_eq!(wait, Duration::from_secs(5));
        clock.advance(wait);
        assert!(fail(&limit, ip("2001:db8:0:b::1"), "new@c"));
        assert!(fail(&limit, ip("2001:db8:1::1"), "new@c"), "another /48");
        for n in 0..20 {
            assert!(fail(&limit, None, &format!("{n}@d")), "no address");
        }
        assert!(!fail(&limit, None, "new@d"), "all without an address share one");
    }

    #[test]
    fn guesses_at_the_same_time_are_counted_before_they_are_judged() {
        let (limit, _) = limit();
        let begun: Vec<_> =
            (0..100).filter_map(|_| limit.attempt(ip("192.0.2.1"), ADA, None).ok()).collect();
        assert_eq!(begun.len(), 20);
        // One of them was right, and one could not be judged.
        begun.into_iter().take(2).for_each(Attempt::give_back);
        assert!(fail(&limit, ip("192.0.2.1"), ADA) && fail(&limit, ip("192.0.2.1"), ADA));
        assert!(!fail(&limit, ip("192.0.2.1"), ADA));
    }

    #[test]
    fn what_is_refused_counts_nowhere() {
        let (limit, _) = limit();
        while fail(&limit, ip("192.0.2.1"), ADA) {}
        let before = limit.accounts.reserve(ADA).map(Reservation::give_back);
        (0..1_000).for_each(|_| _ = fail(&limit, ip("192.0.2.1"), ADA));
        assert_eq!(before, limit.accounts.reserve(ADA).map(Reservation::give_back));
        // Refused for the account, it costs the address nothing.
        flood(&limit);
        let strange = ip("203.0.113.5");
        (0..3).for_each(|_| assert!(fail(&limit, strange, ADA)));
        (0..1_000).for_each(|_| assert!(!fail(&limit, strange, ADA)));
        (0..17).for_each(|n| assert!(fail(&limit, strange, &format!("{n}@b"))));
        assert!(!fail(&limit, strange, "17@b"));
    }

    #[test]
    fn right_passwords_are_not_counted_and_forgive_no_failure() {
        let (limit, _) = limit();
        for _ in 0..50 {
            limit.attempt(ip("192.0.2.1"), ADA, None).unwrap().give_back();
            limit.signed_in(ip("192.0.2.1"), ADA);
        }
        // Somebody with an account of their own gains nothing by signing in between guesses.
        let let_in = (0..50).filter(|_| {
            limit.signed_in(ip("192.0.2.1"), "eve@example.com");
            fail(&limit, ip("192.0.2.1"), "bob@example.com")
        });
        assert_eq!(let_in.count(), 20);
    }

    #[test]
    fn a_known_browser_may_fail_20_times_and_setup_tokens_are_limited_by_address() {
        let (limit, _) = limit();
        for _ in 0..20 {
            let _ = limit.attempt(ip("192.0.2.1"), ADA, Some(&browser(1))).unwrap();
        }
        let wait = limit.attempt(ip("192.0.2.1"), ADA, Some(&browser(1))).unwrap_err();
        assert_eq!(wait, Duration::from_secs(10));
        let _ = limit.attempt(ip("192.0.2.1"), ADA, Some(&browser(2))).unwrap();
        for _ in 0..20 {
            let _ = limit.attempt_setup(ip("192.0.2.1")).unwrap();
        }
        assert!(limit.attempt_setup(ip("192.0.2.1")).is_err());
        limit.attempt_setup(ip("192.0.2.2")).unwrap().give_back();
    }

    #[test]
    fn the_table_of_known_addresses_does_not_grow_over_its_bound() {
        let (limit, _) = limit();
        for n in 0..200_000_u32 {
            limit.signed_in(Some(IpAddr::from(n.to_be_bytes())), ADA);
        }
        assert!(limit.known.table.len() <= 65_536);
    }
}
