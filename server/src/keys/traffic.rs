//! How many presented keys were accepted and how many refused, for each hour, written behind.
//!
//! 1. Each key that is presented counts once: to forward auth, to a route of Keyward, or in
//!    `POST /api/keys/verify`, where the key that is asked about counts as well. A request
//!    without a key does not, nor does one that this server could not judge.
//! 2. It is accepted when it is good, and has the scopes that forward auth or a back end asks
//!    for. What it may do on a route of Keyward is another question.
//! 3. A verification adds one to a number in memory. Every
//!    [`INTERVAL`](super::last_used::INTERVAL), and at shutdown, the numbers are added to what is
//!    stored of the hour, so that those of several servers add up; a crash loses at most that.
//! 4. Of [`KEPT`] hours, by the clock of this server: one that is set back or forward by less
//!    loses nothing.

use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sea_orm::DbErr;
use time::OffsetDateTime;

use super::hours::{self, Counts, Hour};
use super::verification::Verification;
use crate::database::DatabaseConnection;

/// Hours that are kept.
pub const KEPT: i64 = 48;

/// The keys that were counted since the last write.
#[derive(Debug, Default)]
pub struct Traffic {
    accepted: AtomicU64,
    refused: AtomicU64,
    /// What could not be written yet.
    waiting: Mutex<BTreeMap<Hour, Counts>>,
}

impl Traffic {
    /// Counts what became of a presented key. Takes no lock.
    pub fn count(&self, verification: &Verification) {
        let counter = match verification {
            Verification::Missing | Verification::NoLease => return,
            Verification::Accepted(_) => &self.accepted,
            _ => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes what was counted. What cannot be written waits for the next time.
    pub async fn flush(&self, db: &DatabaseConnection, now: OffsetDateTime) -> Result<(), DbErr> {
        let hour = Hour::of(now);
        let mut batch = Batch { traffic: self, hours: self.take(hour) };
        if !batch.hours.is_empty() {
            hours::add(db, &batch.hours, hour.plus(-KEPT)..=hour.plus(KEPT)).await?;
            batch.hours.clear();
        }
        Ok(())
    }

    /// All that is to be written, what was just counted for this hour.
    fn take(&self, hour: Hour) -> BTreeMap<Hour, Counts> {
        let take = |counter: &AtomicU64| counter.swap(0, Ordering::Relaxed);
        let counted = Counts { accepted: take(&self.accepted), refused: take(&self.refused) };
        let mut hours = mem::take(&mut *self.lock());
        add(&mut hours, hour, counted);
        hours.retain(|kept, _| *kept >= hour.plus(-KEPT) && *kept <= hour.plus(KEPT));
        hours
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Hour, Counts>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers that are being written. What was not written when it is dropped waits again: the
/// write may have failed, or nobody may have waited for its end.
struct Batch<'a> {
    traffic: &'a Traffic,
    hours: BTreeMap<Hour, Counts>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut waiting = self.traffic.lock();
        for (hour, counts) in mem::take(&mut self.hours) {
            add(&mut waiting, hour, counts);
        }
    }
}

fn add(hours: &mut BTreeMap<Hour, Counts>, hour: Hour, Counts { accepted, refused }: Counts) {
    if accepted > 0 || refused > 0 {
        let sum = hours.entry(hour).or_default();
        sum.accepted = sum.accepted.saturating_add(accepted);
        sum.refused = sum.refused.saturating_add(refused);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    fn counted(traffic: &Traffic, hour: Hour) -> Vec<(Hour, u64, u64)> {
        let hours = traffic.take(hour);
        hours.into_iter().map(|(hour, it)| (hour, it.accepted, it.refused)).collect()
    }

    #[test]
    fn what_was_presented_counts_for_the_hour_in_which_it_is_taken() {
        let (traffic, hour) = (Traffic::default(), Hour::of(datetime!(2026-01-01 12:59:59 UTC)));
        traffic.count(&Verification::Unknown);
        traffic.count(&Verification::Malformed);
        traffic.count(&Verification::Throttled(Duration::ZERO));
        traffic.count(&Verification::Missing);
        assert_eq!(counted(&traffic, hour), [(hour, 0, 3)]);
        assert_eq!(counted(&traffic, hour), []);
    }

    #[test]
    fn what_waits_is_added_to_its_own_hour_and_forgotten_after_two_days() {
        let (traffic, hour) = (Traffic::default(), Hour::of(datetime!(2026-01-01 12:00 UTC)));
        traffic.count(&Verification::Unknown);
        drop(Batch { traffic: &traffic, hours: traffic.take(hour) });
        traffic.count(&Verification::Unknown);
        let (before, last) = (hour.plus(-1), hour.plus(KEPT));
        drop(Batch { traffic: &traffic, hours: traffic.take(before) });
        traffic.count(&Verification::Unknown);
        let expected = [(before, 0, 1), (hour, 0, 1), (last.plus(-1), 0, 1)];
        assert_eq!(counted(&traffic, last.plus(-1)), expected, "also when the clock is set back");
        drop(Batch {
            traffic: &traffic,
            hours: [(hour, Counts { accepted: 1, refused: 0 })].into(),
        });
        assert_eq!(counted(&traffic, last.plus(1)), []);
    }
}
