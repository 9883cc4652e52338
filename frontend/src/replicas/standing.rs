//! What the silence of a server means. Pure.

use keyward_api::replicas::{Replica, Replicas};
use time::{Duration, OffsetDateTime};

/// A server renews its lease every third of it. So much later it is silent: a renewal may be slow,
/// and the server that answers looks every 250 ms.
const LATE_MS: u64 = 800;
/// An instant that is computed again may differ by so much and be the same.
const SAME: Duration = Duration::seconds(3);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    /// It may accept keys that were revoked meanwhile.
    Silent {
        silent_ms: u64,
        left_ms: u64,
    },
    /// Its lease is over.
    Stopped {
        silent_ms: u64,
        since: OffsetDateTime,
    },
}

/// The terms of all servers; `None` for one server alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub lease_ms: u64,
    pub without_database_ms: u64,
}

impl Lease {
    pub fn of(answer: &Replicas) -> Option<Self> {
        let without_database_ms = answer.without_database_ms;
        answer.lease_ms.map(|lease_ms| Self { lease_ms, without_database_ms })
    }

    /// How long a server that is silent may accept keys.
    pub fn whole_ms(self) -> u64 {
        self.lease_ms + self.without_database_ms
    }
}

impl Standing {
    /// `before` is what it was at the last answer.
    pub fn of(
        server: &Replica,
        lease: Option<Lease>,
        now: OffsetDateTime,
        before: Option<Self>,
    ) -> Self {
        let (Some(lease), Some(left_ms)) = (lease, server.lease_left_ms) else {
            return Self::Active;
        };
        let silent_ms = server.silent_ms;
        if left_ms == 0 {
            let over = silent_ms.saturating_sub(lease.whole_ms());
            let over = Duration::milliseconds(i64::try_from(over).unwrap_or(i64::MAX));
            let since = now.checked_sub(over).unwrap_or(now);
            let since = match before {
                Some(Self::Stopped { since: known, .. }) if (known - since).abs() < SAME => known,
                _ => since,
            };
            Self::Stopped { silent_ms, since }
        } else if silent_ms > lease.lease_ms / 3 + LATE_MS {
            Self::Silent { silent_ms, left_ms }
        } else {
            Self::Active
        }
    }
}

#[cfg(test)]
pub mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);
    const LEASE: Lease = Lease { lease_ms: 5000, without_database_ms: 30_000 };

    pub fn server(silent_ms: u64, lease_left_ms: Option<u64>) -> Replica {
        Replica {
            id: "a".to_owned(),
            address: "keys-1:8080".to_owned(),
            version: "0.1.0".to_owned(),
            joined_at: NOW,
            is_this: false,
            generation: 7,
            behind: 0,
            silent_ms,
            lease_left_ms,
        }
    }

    fn standing(silent_ms: u64, left_ms: u64, before: Option<Standing>) -> Standing {
        Standing::of(&server(silent_ms, Some(left_ms)), Some(LEASE), NOW, before)
    }

    #[test]
    fn a_server_is_silent_when_its_renewal_is_late() {
        assert_eq!(standing(1900, 33_100, None), Standing::Active);
        let (silent_ms, left_ms) = (2500, 32_500);
        assert_eq!(standing(2500, 32_500, None), Standing::Silent { silent_ms, left_ms });
    }

    #[test]
    fn a_server_whose_lease_is_over_has_stopped_when_it_was() {
        let since = datetime!(2026-11-22 11:59:53 UTC);
        assert_eq!(standing(42_000, 0, None), Standing::Stopped { silent_ms: 42_000, since });
        assert_eq!(standing(35_000, 0, None), Standing::Stopped { silent_ms: 35_000, since: NOW });
    }

    #[test]
    fn the_instant_stays_while_answers_take_their_time() {
        let known = datetime!(2026-11-22 11:59:52.4 UTC);
        let stopped = |since| Some(Standing::Stopped { silent_ms: 1, since });
        assert_eq!(
            standing(42_000, 0, stopped(known)),
            Standing::Stopped { silent_ms: 42_000, since: known }
        );
        let other = datetime!(2026-11-22 11:50:00 UTC);
        assert_ne!(
            standing(42_000, 0, stopped(other)),
            Standing::Stopped { silent_ms: 42_000, since: other }
        );
    }

    #[test]
    fn one_server_alone_has_nobody_to_be_silent_to() {
        assert_eq!(Standing::of(&server(0, None), None, NOW, None), Standing::Active);
    }
}
