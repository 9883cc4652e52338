//! From a presented text to who calls. Memory only: goes on when the database is away.
//!
//! A presentation is judged in this order, and the first that applies is the answer:
//!
//! 1. No key is like it: [`Judgement::Unknown`].
//! 2. The key is disabled.
//! 3. It has expired, or was replaced and its overlap has ended. At the instant itself it is
//!    refused already. An end that was seen once is final, even if the clock is set back:
//!    until that end is changed, or the server started again.
//! 4. It is not accepted from the address of the client.
//! 5. It was used too often.
//! 6. It is good, and marked as used: also when it then lacks a scope.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipnet::IpNet;
use keyward_api::key_list::KeyStatus;
use time::OffsetDateTime;

use super::activity::{Activity, Mark};
use super::identity::Identity;
use super::rate::{Allowance, RateLimiter};
use super::row::StoredKey;
use crate::clock::Clock;
use keyward_core::cache::{Cache, Digested};
use keyward_core::digest::KeyDigest;
use keyward_core::networks;

/// What a verification needs to know of a key, ready to be sent.
#[derive(Debug)]
pub struct CachedKey {
    /// The id of the key.
    pub id: Arc<str>,
    /// What `/api/verify` answers.
    pub identity: Identity,
    before_expiry: KeyStatus,
    ends_at: Option<OffsetDateTime>,
    has_ended: AtomicBool,
    limiter: Option<Arc<RateLimiter>>,
    networks: Arc<[IpNet]>,
    pub(super) mark: Mark,
    /// Whether another key has replaced this one.
    pub(super) is_former: bool,
}

impl CachedKey {
    /// The key, and the one that it replaced while that may still work. What was used of the
    /// rate limit, and an end that was seen, go on from the records `before`.
    pub(super) fn of(
        id: &Arc<str>,
        key: &StoredKey,
        before: &[Option<Arc<Self>>; 2],
        clock: &Clock,
    ) -> (Digested<Self>, Option<Digested<Self>>) {
        let record = &key.record;
        let has_ended = |is_former: bool, end: Option<OffsetDateTime>| {
            let same = |before: &&Arc<Self>| before.is_former == is_former && before.ends_at == end;
            let before = before.iter().flatten().find(same);
            AtomicBool::new(before.is_some_and(|before| before.has_ended.load(Ordering::Relaxed)))
        };
        let limiter = record.rate_limit.map(|limit| {
            let before = before[0].as_ref().and_then(|before| before.limiter.clone());
            let same = before.filter(|limiter| limiter.limit() == limit);
            same.unwrap_or_else(|| Arc::new(RateLimiter::new(limit, clock.clone())))
        });
        let current = Self {
            id: id.clone(),
            identity: Identity::of(record),
            before_expiry: KeyStatus::before_expiry(record),
            ends_at: record.expires_at,
            has_ended: has_ended(false, record.expires_at),
            limiter,
            networks: key.networks.as_slice().into(),
            mark: Mark::default(),
            is_former: false,
        };
        let former = key.former.zip(record.overlap.as_ref()).map(|(digest, overlap)| {
            let former = Self {
                id: current.id.clone(),
                identity: current.identity.clone(),
                before_expiry: current.before_expiry,
                ends_at: Some(overlap.ends_at),
                has_ended: has_ended(true, Some(overlap.ends_at)),
                limiter: current.limiter.clone(),
                networks: current.networks.clone(),
                mark: Mark::default(),
                is_former: true,
            };
            (digest, Arc::new(former))
        });
        ((key.digest, Arc::new(current)), former)
    }

    /// Rule 3.
    fn has_ended(&self, now: OffsetDateTime) -> bool {
        let Some(end) = self.ends_at else { return false };
        if end <= now {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        self.has_ended.load(Ordering::Relaxed)
    }

    /// What became of it.
    pub fn status(&self, now: OffsetDateTime) -> KeyStatus {
        self.before_expiry.unless_expired(|| self.has_ended(now))
    }
}

/// The caller a good key belongs to.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key.
    pub key: Arc<CachedKey>,
    /// What is left of its rate limit, if it has one.
    pub allowance: Option<Allowance>,
}

/// What is found of a presented text.
#[derive(Clone, Debug)]
pub enum Judgement {
    /// The key is good.
    Good(Caller),
    /// The key is disabled.
    Disabled(Arc<CachedKey>),
    /// The key has expired.
    Expired(Arc<CachedKey>),
    /// The key is not accepted from there.
    Elsewhere(Arc<CachedKey>),
    /// The key was used too often; after this time it is accepted again.
    TooOften(Arc<CachedKey>, Allowance, Duration),
    /// No key is like it.
    Unknown,
}

/// Looks keys up in the cache and marks the good ones as used.
#[derive(Clone)]
pub struct Verifier {
    cache: Arc<Cache<CachedKey>>,
    activity: Arc<Activity>,
    clock: Clock,
}

impl Verifier {
    pub(super) fn new(cache: Arc<Cache<CachedKey>>, activity: Arc<Activity>, clock: Clock) -> Self {
        Self { cache, activity, clock }
    }

    /// Judges what a client at `address` presented, by the rules of the module.
    pub fn judge(&self, presented: &str, address: Option<IpAddr>) -> Judgement {
        // Whatever its form: imported keys keep their own, and a key of another form must
        // not be refused sooner than one of ours.
        let digest = KeyDigest::of(presented);
        let Some(key) = self.cache.find(&digest) else { return Judgement::Unknown };
        let now = self.clock.now();
        match key.status(now) {
            KeyStatus::Active => (),
            KeyStatus::Expired => return Judgement::Expired(key),
            // What is unreadable or altered is not in the cache.
            KeyStatus::Disabled | KeyStatus::Unreadable | KeyStatus::Altered => {
                return Judgement::Disabled(key);
            }
        }
        if !networks::allow(&key.networks, address) {
            return Judgement::Elsewhere(key);
        }
        let allowance = match key.limiter.as_ref().map(|limiter| limiter.take()) {
            None => None,
            Some(Ok(left)) => Some(left),
            Some(Err((spent, wait))) => return Judgement::TooOften(key, spent, wait),
        };
        self.activity.mark(&key, digest, now);
        Judgement::Good(Caller { key, allowance })
    }
}

#[cfg(test)]
mod tests {
    use keyward_api::keys::{ApiKey, Overlap};
    use keyward_api::limits::{RateLimit, Requests, WindowSeconds};
    use keyward_api::scopes::Scopes;
    use time::macros::datetime;

    use super::*;

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
            record,
        };
        let (current, former) = CachedKey::of(&"1".into(), &key, &[None, None], &clock);
        cache.insert(&"1".into(), current, former).unwrap();
        (Verifier::new(cache, Arc::default(), clock.clone()), clock)
    }

    fn word(judgement: &Judgement) -> &'static str {
        match judgement {
            Judgement::Good(_) => "good",
            Judgement::Disabled(_) => "disabled",
            Judgement::Expired(_) => "expired",
            Judgement::Elsewhere(_) => "elsewhere",
            Judgement::TooOften(..) => "too often",
            Judgement::Unknown => "unknown",
        }
    }

    fn judge(verifier: &Verifier, presented: &str) -> &'static str {
        word(&verifier.judge(presented, None))
    }

    #[test]
    fn the_instant_of_expiry_is_refused_and_the_one_before_is_not() {
        let (verifier, clock) =
            verifier(|key| key.expires_at = Some(START + Duration::from_secs(1)));
        clock.advance(Duration::from_micros(999_999));
        assert_eq!(judge(&verifier, "good"), "good");
        clock.advance(Duration::from_micros(1));
        assert_eq!(judge(&verifier, "good"), "expired");
    }

    #[test]
    fn an_end_that_was_seen_stays_when_the_clock_is_set_back() {
        let (verifier, clock) =
            verifier(|key| key.expires_at = Some(START + Duration::from_secs(1)));
        clock.advance(Duration::from_secs(1));
        assert_eq!(judge(&verifier, "good"), "expired");
        clock.set_back(Duration::from_secs(1));
        assert_eq!(judge(&verifier, "good"), "expired");
    }

    #[test]
    fn a_replaced_key_works_until_the_instant_its_overlap_ends() {
        let ends_at = START + Duration::from_mins(15);
        let overlap = Overlap { prefix: "old".into(), ends_at, last_used_at: None };
        let (verifier, clock) = verifier(|key| key.overlap = Some(overlap));
        assert_eq!((judge(&verifier, "old"), judge(&verifier, "good")), ("good", "good"));
        clock.advance(Duration::from_micros(899_999_999));
        assert_eq!(judge(&verifier, "old"), "good");
        clock.advance(Duration::from_micros(1));
        assert_eq!((judge(&verifier, "old"), judge(&verifier, "good")), ("expired", "good"));
    }

    #[test]
    fn a_disabled_key_is_refused_and_so_is_the_one_that_it_replaced() {
        let ends_at = START + Duration::from_mins(15);
        let (verifier, _) = verifier(|key| {
            key.enabled = false;
            key.overlap = Some(Overlap { prefix: "old".into(), ends_at, last_used_at: None });
        });
        assert_eq!((judge(&verifier, "old"), judge(&verifier, "good")), ("disabled", "disabled"));
    }

    #[test]
    fn a_key_is_accepted_from_its_networks_alone() {
        let (verifier, _) = verifier(|key| key.allowed_networks = vec!["10.0.0.0/8".into()]);
        let from = |address: &str| word(&verifier.judge("good", Some(address.parse().unwrap())));
        assert_eq!((from("10.1.2.3"), from("::ffff:10.1.2.3")), ("good", "good"));
        assert_eq!((from("11.1.2.3"), from("::1")), ("elsewhere", "elsewhere"));
        assert_eq!(judge(&verifier, "good"), "elsewhere", "nobody knows from where");
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
        let judged = ["good", "old", "good", "old", "bad"].map(|key| judge(&verifier, key));
        assert_eq!(judged, ["good", "good", "too often", "too often", "unknown"]);
        clock.advance(Duration::from_secs(30));
        assert_eq!((judge(&verifier, "old"), judge(&verifier, "old")), ("good", "too often"));
    }

    #[test]
    fn a_key_of_any_form_is_looked_up() {
        let (verifier, _) = verifier(|_| ());
        assert_eq!((judge(&verifier, "good"), judge(&verifier, "Good")), ("good", "unknown"));
        assert_eq!(judge(&verifier, ""), "unknown");
    }

    #[test]
    fn the_name_is_percent_encoded_for_the_header() {
        let (verifier, _) = verifier(|_| ());
        let Judgement::Good(Caller { key, .. }) = verifier.judge("good", None) else { panic!() };
        assert_eq!(key.identity.name(), "gr%C3%BC%C3%9Fe%2C%20a%20b");
        assert_eq!(
            (key.identity.id(), key.identity.scopes()),
            ("1".parse().unwrap(), "".parse().unwrap())
        );
    }
}
