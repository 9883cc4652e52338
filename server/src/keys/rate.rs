//! How often one key is accepted: so many requests in a window, by the generic cell rate
//! algorithm. A key that was not used for a window has all of them at once; each share of
//! the window that goes by gives one back.
//!
//! Of several servers each grants its share of the limit, rounded up. When their number changes, so
//! does the share, and what was spent of it stays spent: exact counting is not promised.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter as Governor};
use http::{HeaderMap, HeaderName, HeaderValue};
use keyward_api::limits::RateLimit;

use crate::clock::Clock;
use crate::replicas::Servers;

pub struct RateLimiter {
    limit: RateLimit,
    clock: Clock,
    servers: Servers,
    share: RwLock<Share>,
}

/// What one of the servers grants.
struct Share {
    servers: u32,
    requests: NonZeroU32,
    period: Duration,
    governor: Governor<NotKeyed, InMemoryState, Clock, StateInformationMiddleware>,
}

/// What is left of a limit, in the terms of draft-ietf-httpapi-ratelimit-headers-10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What this server grants in a window.
    requests: u32,
    window: u32,
    /// Requests that are accepted from now on without waiting.
    remaining: u32,
}

impl RateLimiter {
    pub fn new(limit: RateLimit, clock: Clock, servers: Servers) -> Self {
        let share = RwLock::new(Share::of(limit, servers.get(), &clock));
        Self { limit, clock, servers, share }
    }

    pub fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Counts one request; when there were too many, how long to wait for the next.
    pub fn take(&self) -> Result<Allowance, (Allowance, Duration)> {
        let servers = self.servers.get();
        {
            let share = self.share.read().unwrap_or_else(PoisonError::into_inner);
            if share.servers == servers {
                return self.take_of(&share);
            }
        }
        let mut share = self.share.write().unwrap_or_else(PoisonError::into_inner);
        if share.servers != servers {
            let spent = share.spent(self.clock.monotonic());
            *share = Share::of(self.limit, servers, &self.clock).after(spent);
        }
        self.take_of(&share)
    }

    fn take_of(&self, share: &Share) -> Result<Allowance, (Allowance, Duration)> {
        let window = self.limit.window_seconds.get();
        let allowance = |remaining| Allowance { requests: share.requests.get(), window, remaining };
        match share.governor.check() {
            Ok(state) => Ok(allowance(state.remaining_burst_capacity())),
            Err(until) => Err((allowance(0), until.wait_time_from(self.clock.monotonic()))),
        }
    }
}

impl Share {
    /// A whole one: the part of one of so many servers, rounded up.
    fn of(limit: RateLimit, servers: u32, clock: &Clock) -> Self {
        let requests = limit.requests.get().div_ceil(servers.max(1));
        let requests = NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN);
        let window = Duration::from_secs(limit.window_seconds.get().into());
        // The smallest share, of a second among a million, is a microsecond and not zero.
        let period = window / requests.get();
        let quota = Quota::with_period(period);
        let quota = quota.unwrap_or(Quota::per_second(requests)).allow_burst(requests);
        let governor = Governor::direct_with_clock(quota, clock.clone()).with_middleware();
        Self { servers, requests, period, governor }
    }

    /// The part of it that is spent, from 0 to 1. It is used up with this.
    fn spent(&self, now: Duration) -> f64 {
        match self.governor.check_n(self.requests) {
            Ok(Err(until)) => {
                let missing = until.wait_time_from(now).div_duration_f64(self.period);
                (missing / f64::from(self.requests.get())).clamp(0.0, 1.0)
            }
            // All of it was there. That it could never be, cannot be.
            Ok(Ok(_)) | Err(_) => 0.0,
        }
    }

    /// The same part of this one is spent.
    fn after(self, spent: f64) -> Self {
        let spent = (spent * f64::from(self.requests.get())).ceil();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most all")]
        if let Some(spent) = NonZeroU32::new((spent as u32).min(self.requests.get())) {
            let _ = self.governor.check_n(spent);
        }
        self
    }
}

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl Allowance {
    /// Says in `headers` what is granted, what is left of it, and in how many seconds all of
    /// it is back.
    pub fn write_headers(&self, headers: &mut HeaderMap) {
        let Self { requests, window, remaining } = *self;
        let spent = u64::from(requests.saturating_sub(remaining));
        let reset = (spent * u64::from(window)).div_ceil(requests.into());
        let policy = format!("\"key\";q={requests};w={window}");
        let left = format!("\"key\";r={remaining};t={reset}");
        for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
            // Digits always fit.
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").field("limit", &self.limit).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use keyward_api::limits::{Requests, WindowSeconds};
    use time::macros::datetime;

    use super::*;

    fn limiter(requests: u32, window: u32) -> (RateLimiter, Clock) {
        let clock = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        let requests = Requests::new(requests).unwrap();
        let window_seconds = WindowSeconds::new(window).unwrap();
        (
            RateLimiter::new(
                RateLimit { requests, window_seconds },
                clock.clone(),
                Servers::default(),
            ),
            clock,
        )
    }

    fn headers(allowance: Allowance) -> String {
        let mut headers = HeaderMap::new();
        allowance.write_headers(&mut headers);
        let text = |name| headers[name].to_str().unwrap();
        format!("{} {}", text(RATE_LIMIT_POLICY), text(RATE_LIMIT))
    }

    #[test]
    fn a_window_grants_its_requests_at_once_and_gives_one_back_at_a_time() {
        let (limiter, clock) = limiter(3, 60);
        let left = [2, 1, 0].map(|left| (left, limiter.take().unwrap().remaining));
        assert!(left.iter().all(|(expected, left)| expected == left), "{left:?}");
        let (spent, wait) = limiter.take().unwrap_err();
        assert_eq!((spent.remaining, wait), (0, Duration::from_secs(20)));
        clock.advance(Duration::from_micros(19_999_999));
        assert_eq!(limiter.take().unwrap_err().1, Duration::from_micros(1));
        clock.advance(Duration::from_micros(1));
        assert_eq!(limiter.take().unwrap().remaining, 0);
        clock.advance(Duration::from_mins(10));
        assert_eq!(limiter.take().unwrap().remaining, 2);
    }

    #[test]
    fn of_several_servers_each_grants_its_share_and_what_was_spent_stays_so() {
        let (limiter, clock) = limiter(10, 60);
        limiter.servers.set(6);
        let granted = |limiter: &RateLimiter| (0..20).filter(|_| limiter.take().is_ok()).count();
        assert_eq!(granted(&limiter), 2, "a sixth, rounded up");
        limiter.servers.set(2);
        assert_eq!(granted(&limiter), 0);
        clock.advance(Duration::from_secs(24));
        assert_eq!(granted(&limiter), 2, "five in a minute");
        clock.advance(Duration::from_mins(2));
        assert!(limiter.take().is_ok());
        limiter.servers.set(1);
        // A fifth was spent of the half, so a fifth is of the whole.
        assert_eq!(headers(limiter.take().unwrap()), r#""key";q=10;w=60 "key";r=7;t=18"#);
        assert_eq!(granted(&limiter), 7);
    }

    #[test]
    fn the_limits_of_the_range_hold() {
        let (limiter, clock) = limiter(1, 86_400);
        assert!(limiter.take().is_ok());
        assert_eq!(limiter.take().unwrap_err().1, Duration::from_hours(24));
        clock.advance(Duration::from_hours(24));
        assert!(limiter.take().is_ok());
        let (limiter, _) = self::limiter(1_000_000, 1);
        assert_eq!(limiter.take().unwrap().remaining, 999_999);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_grant_more() {
        let (limiter, clock) = limiter(1, 10);
        clock.advance(Duration::from_secs(100));
        assert!(limiter.take().is_ok());
        clock.set_back(Duration::from_secs(50));
        assert!(limiter.take().is_err());
    }

    #[test]
    fn the_fields_say_what_is_granted_and_left() {
        let (limiter, _) = limiter(100, 60);
        assert_eq!(headers(limiter.take().unwrap()), r#""key";q=100;w=60 "key";r=99;t=1"#);
        for _ in 0..99 {
            limiter.take().unwrap();
        }
        assert_eq!(headers(limiter.take().unwrap_err().0), r#""key";q=100;w=60 "key";r=0;t=60"#);
    }
}
