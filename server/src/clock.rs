//! The time, passed in from outside, so that tests of expiry are exact.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use keyward_core::lease::Boottime;
use rustix::time::{ClockId, clock_gettime};
use time::OffsetDateTime;

/// Time that goes on while the process is stopped and while the machine sleeps, and that nobody
/// sets: leases are measured by it.
pub fn boottime() -> Boottime {
    let now = clock_gettime(ClockId::Boottime);
    // Neither is ever negative.
    let [seconds, nanos] = [now.tv_sec, now.tv_nsec].map(i64::unsigned_abs);
    Boottime::new(Duration::from_secs(seconds) + Duration::from_nanos(nanos))
}

/// Where the server reads the time. Nothing else may ask the operating system for it.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Stands still until it is moved; microseconds since 1970: the time, and the same as it
    /// would be had it never been set back.
    Manual(Arc<[AtomicI64; 2]>),
}

impl Clock {
    /// A clock that shows `now` until [`Clock::advance`] is called.
    pub fn manual(now: OffsetDateTime) -> Self {
        let micros = i64::try_from(now.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX);
        Self::Manual(Arc::new([micros, micros].map(AtomicI64::new)))
    }

    /// The time in UTC, in whole microseconds: the finest that both databases keep.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> OffsetDateTime {
        match self {
            Self::System => OffsetDateTime::now_utc().truncate_to_microsecond(),
            Self::Manual(hands) => {
                let [micros, _] = &**hands;
                let nanos = i128::from(micros.load(Ordering::SeqCst)) * 1_000;
                OffsetDateTime::from_unix_timestamp_nanos(nanos)
                    .unwrap_or(OffsetDateTime::UNIX_EPOCH)
            }
        }
    }

    /// Time that only ever goes forward, from an instant of no meaning; for what measures
    /// how long something takes or lasts.
    pub fn monotonic(&self) -> Duration {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => ORIGIN.elapsed(),
            Self::Manual(hands) => {
                let [_, micros] = &**hands;
                Duration::from_micros(micros.load(Ordering::SeqCst).try_into().unwrap_or(0))
            }
        }
    }

    /// Sets a manual clock back; the system's clock is left alone.
    pub fn set_back(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            hands[0].fetch_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock forward; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(hands) = self {
            let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
            hands.iter().for_each(|micros| _ = micros.fetch_add(by, Ordering::SeqCst));
        }
    }
}

impl governor::clock::Clock for Clock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.monotonic()
    }
}
