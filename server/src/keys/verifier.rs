//! From a presented text to who calls. Memory only: no verification waits for the database, or for
//! anything else.
//!
//! A server of several accepts and refuses only while it holds a lease; otherwise the answer is
//! [`Verification::NoLease`], whatever was presented. The permit is taken before the key is looked
//! up, and the clock is read last: see rule 5 of [`keyward_core::lease`].
//!
//! In this order, and the first that applies is the answer:
//!
//! 1. No stored key has the digest: [`Verification::Unknown`].
//! 2. The key is disabled.
//! 3. It has expired, or was replaced and its overlap has ended. A key is refused from the exact
//!    instant it expires. Setting the clock back does not revive it, until its expiry is changed
//!    or the server restarted.
//! 4. It is not accepted from the address of the client.
//! 5. It was used too often.
//! 6. It is accepted, and its use recorded: also when it then lacks a scope.

use std::net::IpAddr;
use std::sync::Arc;

use keyward_api::key_list::KeyStatus;
use keyward_core::cache::Cache;
use keyward_core::digest::KeyDigest;

use super::cached_key::CachedKey;
use super::last_used::LastUsed;
use super::verification::{Caller, Verification};
use crate::clock::Clock;
use crate::replicas::Lease;

/// Looks keys up in the cache and records that the good ones were used.
#[derive(Clone)]
pub struct Verifier {
    cache: Arc<Cache<CachedKey>>,
    last_used: Arc<LastUsed>,
    clock: Clock,
    lease: Arc<Lease>,
}

impl Verifier {
    pub(super) fn new(
        cache: Arc<Cache<CachedKey>>,
        last_used: Arc<LastUsed>,
        clock: Clock,
        lease: Arc<Lease>,
    ) -> Self {
        Self { cache, last_used, clock, lease }
    }

    /// Whether anything can be accepted or refused at the moment.
    pub fn is_leased(&self) -> bool {
        Lease::covers(self.lease.permit())
    }

    /// What becomes of what a client at `address` presented, by the rules of the module.
    pub fn verify(&self, presented: &str, address: Option<IpAddr>) -> Verification {
        let permit = self.lease.permit();
        let verification = self.judge(presented, address);
        if Lease::covers(permit) { verification } else { Verification::NoLease }
    }

    fn judge(&self, presented: &str, address: Option<IpAddr>) -> Verification {
        // Whatever its form: imported keys keep their own, and a key of another form must
        // not be refused sooner than one of ours.
        let digest = KeyDigest::of(presented);
        let Some(key) = self.cache.find(&digest) else { return Verification::Unknown };
        let now = self.clock.now();
        match key.status(now) {
            KeyStatus::Active => (),
            KeyStatus::Expired => return Verification::Expired(key),
            // What is unreadable or altered is not in the cache.
            KeyStatus::Disabled | KeyStatus::Unreadable | KeyStatus::Altered => {
                return Verification::Disabled(key);
            }
        }
        if !key.allows(address) {
            return Verification::AddressNotAllowed(key);
        }
        let allowance = match key.take() {
            Ok(allowance) => allowance,
            Err((spent, wait)) => return Verification::RateLimited(key, spent, wait),
        };
        self.last_used.record(&key, digest, address, now);
        Verification::Accepted(Caller { key, allowance })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keyward_api::keys::{ApiKey, Overlap};
    use keyward_api::limits::{RateLimit, Requests, WindowSeconds};
    use keyward_api::scopes::Scopes;
    use keyward_core::networks;
    use time::OffsetDateTime;
    use time::macros::datetime;

    use super::*;
    use crate::keys::row::StoredKey;
    use crate::replicas::Servers;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    /// Knows the key `good`, and `old` while the record has an overlap.
    fn verifier(change: impl FnOnce(&mut ApiKey)) -> (Verifier, Clock) {
        let mut record = ApiKey {
            id: "1".into(),
            name: "gr\u{fc}\u{df}e, a b".into(),
            prefix: "good".into(),
            scopes: Scopes::default(),
            created_at: START,
            created_by: None,
            last_used_at: None,
            last_used_address: None,
            expires_at: None,
            enabled: true,
            rate_limit: None,
            allowed_networks: Vec::new(),
            overlap: None,
            unreadable: false,
            altered: false,
        };
        change(&mut record);
        let clock = Clock::manual(START);
        let cache = Arc::new(Cache::new([1; 32]));
        let key = StoredKey {
            former: record.overlap.is_some().then(|| KeyDigest::of("old")),
            networks: networks::parse(&record.allowed_networks).unwrap(),
            digest: KeyDigest::of("good"),
            updated_at: START,
            manages: false,
            record,
        };
        let (current, former) =
            CachedKey::of(&"1".into(), &key, &[None, None], &clock, &Servers::default());
        cache.insert(&"1".into(), current, former).unwrap();
        (Verifier::new(cache, Arc::default(), clock.clone(), Arc::new(Lease::unbound())), clock)
    }

    fn label(verifier: &Verifier, presented: &str) -> &'static str {
        verifier.verify(presented, None).label()
    }

    #[test]
    fn without_a_lease_nothing_is_accepted_and_nothing_refused() {
        let (mut verifier, _) = verifier(|_| ());
        verifier.lease = Arc::new(Lease::none());
        assert!(!verifier.is_leased());
        assert_eq!((label(&verifier, "good"), label(&verifier, "bad")), ("no_lease", "no_lease"));
    }

    #[test]
    fn the_instant_of_expiry_is_refused_and_the_one_before_is_not() {
        let (verifier, clock) =
            verifier(|key| key.expires_at = Some(START + Duration::from_secs(1)));
        clock.advance(Duration::from_micros(999_999));
        assert_eq!(label(&verifier, "good"), "accepted");
        clock.advance(Duration::from_micros(1));
        assert_eq!(label(&verifier, "good"), "expired");
    }

    #[test]
    fn an_end_that_was_seen_stays_when_the_clock_is_set_back() {
        let (verifier, clock) =
            verifier(|key| key.expires_at = Some(START + Duration::from_secs(1)));
        clock.advance(Duration::from_secs(1));
        assert_eq!(label(&verifier, "good"), "expired");
        clock.set_back(Duration::from_secs(1));
        assert_eq!(label(&verifier, "good"), "expired");
    }

    #[test]
    fn a_replaced_key_works_until_the_instant_its_overlap_ends() {
        let ends_at = START + Duration::from_mins(15);
        let overlap = Overlap { prefix: "old".into(), ends_at, last_used_at: None };
        let (verifier, clock) = verifier(|key| key.overlap = Some(overlap));
        assert_eq!((label(&verifier, "old"), label(&verifier, "good")), ("accepted", "accepted"));
        clock.advance(Duration::from_micros(899_999_999));
        assert_eq!(label(&verifier, "old"), "accepted");
        clock.advance(Duration::from_micros(1));
        assert_eq!((label(&verifier, "old"), label(&verifier, "good")), ("expired", "accepted"));
    }

    #[test]
    fn a_disabled_key_is_refused_and_so_is_the_one_that_it_replaced() {
        let ends_at = START + Duration::from_mins(15);
        let (verifier, _) = verifier(|key| {
            key.enabled = false;
            key.overlap = Some(Overlap { prefix: "old".into(), ends_at, last_used_at: None });
        });
        assert_eq!((label(&verifier, "old"), label(&verifier, "good")), ("disabled", "disabled"));
    }

    #[test]
    fn a_key_is_accepted_from_its_networks_alone() {
        let (verifier, _) = verifier(|key| key.allowed_networks = vec!["10.0.0.0/8".into()]);
        let from = |address: &str| verifier.verify("good", Some(address.parse().unwrap())).label();
        assert_eq!((from("10.1.2.3"), from("::ffff:10.1.2.3")), ("accepted", "accepted"));
        assert_eq!((from("11.1.2.3"), from("::1")), ("address_not_allowed", "address_not_allowed"));
        assert_eq!(label(&verifier, "good"), "address_not_allowed", "nobody knows from where");
    }

    #[test]
    fn a_limit_counts_the_key_and_the_one_that_it_replaced_together() {
        let ends_at = START + Duration::from_mins(15);
        let (verifier, clock) = verifier(|key| {
            let (requests, window_seconds) = (Requests::new(2), WindowSeconds::new(60));
            key.rate_limit = requests
                .zip(window_seconds)
                .map(|(requests, window_seconds)| RateLimit { requests, window_seconds });
            key.overlap = Some(Overlap { prefix: "old".into(), ends_at, last_used_at: None });
        });
        let judged = ["good", "old", "good", "old", "bad"].map(|key| label(&verifier, key));
        assert_eq!(judged, ["accepted", "accepted", "rate_limited", "rate_limited", "unknown"]);
        clock.advance(Duration::from_secs(30));
        assert_eq!(
            (label(&verifier, "old"), label(&verifier, "old")),
            ("accepted", "rate_limited")
        );
    }

    #[test]
    fn a_key_of_any_form_is_looked_up() {
        let (verifier, _) = verifier(|_| ());
        assert_eq!((label(&verifier, "good"), label(&verifier, "Good")), ("accepted", "unknown"));
        assert_eq!(label(&verifier, ""), "unknown");
    }

    #[test]
    fn the_name_is_percent_encoded_for_the_header() {
        let (verifier, _) = verifier(|_| ());
        let Verification::Accepted(Caller { key, .. }) = verifier.verify("good", None) else {
            panic!()
        };
        assert_eq!(key.identity.name(), "gr%C3%BC%C3%9Fe%2C%20a%20b");
        assert_eq!(
            (key.identity.id(), key.identity.scopes()),
            ("1".parse().unwrap(), "".parse().unwrap())
        );
    }
}
