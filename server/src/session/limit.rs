//! How often somebody may try to sign in: by client address and by account. A success
//! clears both, so a person who signs in often is not slowed down.

use std::net::IpAddr;
use std::time::Duration;

use crate::buckets::Buckets;
use crate::clock::Clock;
use crate::keys::networks::customer;

/// Counts attempts to sign in.
pub struct SignInLimit {
    addresses: Buckets,
    accounts: Buckets,
}

impl SignInLimit {
    /// Nobody has tried yet. 20 attempts at once from an address, then one every 10 seconds;
    /// 30 on an account, then one every 2 seconds.
    pub fn new(clock: &Clock) -> Self {
        Self {
            addresses: Buckets::new(20, Duration::from_secs(10), clock.clone()),
            accounts: Buckets::new(30, Duration::from_secs(2), clock.clone()),
        }
    }

    /// Counts one attempt; when there were too many, how long to wait.
    pub fn attempt(&self, address: Option<IpAddr>, account: &str) -> Result<(), Duration> {
        // The address first: one that is refused takes nothing from the account, and one
        // that is not is slower than an account recovers. So a single address cannot lock
        // anybody out.
        self.addresses.take(address.map(customer))?;
        self.accounts.take(account)
    }

    /// Forgets the attempts of whoever signed in.
    pub fn succeeded(&self, address: Option<IpAddr>, account: &str) {
        self.addresses.forget(address.map(customer));
        self.accounts.forget(account);
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn limit() -> (SignInLimit, Clock) {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        (SignInLimit::new(&clock), clock)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
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
}
