//! What is in memory of a key.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use keyward_api::key_list::KeyStatus;
use keyward_core::cache::Digested;
use keyward_core::networks;
use time::OffsetDateTime;

use super::identity::Identity;
use super::rate::{Allowance, RateLimiter};
use super::row::StoredKey;
use crate::clock::Clock;
use crate::replicas::Servers;

/// When a key was used last, until [`LastUsed`](super::last_used::LastUsed) has written it.
#[derive(Debug, Default)]
pub(super) struct LastUse {
    /// Seconds since 1970; only ever grows. Zero: not used since start.
    pub(super) at: AtomicI64,
    /// Whether the key already waits to be written.
    pub(super) is_waiting: AtomicBool,
    /// From where the first use came since it was written last. Locked for that use alone.
    pub(super) address: Mutex<Option<IpAddr>>,
}

impl LastUse {
    /// When the key was used last and from where, as far as this process knows.
    pub(super) fn get(&self) -> Option<(OffsetDateTime, Option<IpAddr>)> {
        let seconds = self.at.load(Ordering::Acquire);
        let at = OffsetDateTime::from_unix_timestamp(seconds).ok().filter(|_| seconds != 0)?;
        Some((at, *self.address.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    pub(super) fn set_address(&self, address: Option<IpAddr>) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) =
            address.map(|address| address.to_canonical());
    }
}

/// What a verification needs to know of a key, ready to be sent.
#[derive(Debug)]
pub struct CachedKey {
    pub id: Arc<str>,
    /// What `/api/verify` answers.
    pub identity: Identity,
    /// Whether its scopes that manage Keyward open routes.
    pub manages: bool,
    before_expiry: KeyStatus,
    ends_at: Option<OffsetDateTime>,
    has_ended: AtomicBool,
    limiter: Option<Arc<RateLimiter>>,
    networks: Arc<[IpNet]>,
    pub(super) last_use: LastUse,
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
        servers: &Servers,
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
            same.unwrap_or_else(|| {
                Arc::new(RateLimiter::new(limit, clock.clone(), servers.clone()))
            })
        });
        let current = Self {
            id: id.clone(),
            identity: Identity::of(record),
            manages: key.manages,
            before_expiry: KeyStatus::before_expiry(record),
            ends_at: record.expires_at,
            has_ended: has_ended(false, record.expires_at),
            limiter,
            networks: key.networks.as_slice().into(),
            last_use: LastUse::default(),
            is_former: false,
        };
        let former = key.former.zip(record.overlap.as_ref()).map(|(digest, overlap)| {
            let former = Self {
                id: current.id.clone(),
                identity: current.identity.clone(),
                manages: current.manages,
                before_expiry: current.before_expiry,
                ends_at: Some(overlap.ends_at),
                has_ended: has_ended(true, Some(overlap.ends_at)),
                limiter: current.limiter.clone(),
                networks: current.networks.clone(),
                last_use: LastUse::default(),
                is_former: true,
            };
            (digest, Arc::new(former))
        });
        ((key.digest, Arc::new(current)), former)
    }

    /// Rule 3 of [`verifier`](super::verifier).
    fn has_ended(&self, now: OffsetDateTime) -> bool {
        let Some(end) = self.ends_at else { return false };
        if end <= now {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        self.has_ended.load(Ordering::Relaxed)
    }

    /// Its status at `now`.
    pub fn status(&self, now: OffsetDateTime) -> KeyStatus {
        self.before_expiry.unless_expired(|| self.has_ended(now))
    }

    /// Whether the key is accepted from this address.
    pub(super) fn allows(&self, address: Option<IpAddr>) -> bool {
        networks::allow(&self.networks, address)
    }

    /// Counts one use of the rate limit; when there were too many, how long to wait.
    pub(super) fn take(&self) -> Result<Option<Allowance>, (Allowance, Duration)> {
        self.limiter.as_ref().map(|limiter| limiter.take()).transpose()
    }
}
