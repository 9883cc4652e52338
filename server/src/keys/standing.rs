//! What is remembered of the addresses that present keys: whether a good one came from there,
//! and how many failures did. In tables that cannot grow, with places found by a hash with a
//! seed that is drawn at start:
//!
//! 1. Of failures, an address has one place, which remembers the last address that took it. So
//!    what is forgotten is forgotten in favour of the client, and nobody is refused for what
//!    another address did.
//! 2. Of good keys, it has two places and takes a free one, else that of the address which has
//!    been silent for longer. One that is forgotten here is refused while others guess from it:
//!    of 5 000 addresses about ten are, where with one place it would be 190.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use keyward_core::networks::rate_limit_key;

use crate::replicas::Servers;

/// Places of a table, 8 bytes each.
const PLACES: usize = 1 << 16;

/// So many failures at once, then one a second; of several servers each has its share.
pub const BURST: u32 = 100;

/// How long a good key from an address is remembered: callers that come once a day count.
pub const MEMORY: Duration = Duration::from_hours(25);

/// What is remembered. Times are those of a clock that only goes forward.
pub struct Standing {
    hasher: RandomState,
    /// When a good key came from there, in whole seconds.
    good: Table,
    /// The second in which the last failure is forgiven, when one is each second.
    failures: Table,
    servers: Servers,
}

/// Where an address is remembered. Requests without an address share one place.
#[derive(Clone, Copy, Debug)]
pub struct TableSlot {
    index: usize,
    second: usize,
    /// Tells the addresses of a place apart; never 0, which is that of a free place.
    tag: u32,
}

impl Standing {
    /// Of one of so many servers.
    pub fn new(servers: Servers) -> Self {
        let (good, failures) = (Table::new(), Table::new());
        Self { hasher: RandomState::new(), good, failures, servers }
    }

    pub fn place(&self, address: Option<IpAddr>) -> TableSlot {
        let hash = self.hasher.hash_one(address.map(rate_limit_key));
        let [c, d, tag @ .., a, b] = hash.to_be_bytes();
        let [index, second] = [[a, b], [c, d]].map(|place| usize::from(u16::from_be_bytes(place)));
        TableSlot { index, second, tag: u32::from_be_bytes(tag) | 1 }
    }

    /// Whether a good key came from there not long ago.
    pub fn is_known(&self, place: TableSlot, now: Duration) -> bool {
        let last = self.good.get(place.index, place.tag);
        let last = last.or_else(|| self.good.get(place.second, place.tag));
        last.is_some_and(|last| u64::from(seconds(now).saturating_sub(last)) < MEMORY.as_secs())
    }

    pub fn remember(&self, place: TableSlot, now: Duration) {
        let TableSlot { index, second, tag } = place;
        let [first_word, second_word] = [index, second].map(|index| self.good.load(index));
        let is_ours = |word| read(word, tag).is_some();
        // A free place has the second 0.
        let index = if is_ours(first_word) {
            index
        } else if is_ours(second_word) || second_of(second_word) < second_of(first_word) {
            second
        } else {
            index
        };
        self.good.set(index, word(tag, seconds(now)));
    }

    /// Counts a failure; when there were too many, how long until the next one counts.
    pub fn fail(&self, place: TableSlot, now: Duration) -> Result<(), Duration> {
        let now = seconds(now);
        let cost = self.servers.get();
        // Much more than a burst is never owed: then the clock went back, and nothing is known.
        let owed = |until: Option<u32>| {
            let owed = until.unwrap_or(now).saturating_sub(now);
            if owed > BURST.saturating_add(cost) { 0 } else { owed }
        };
        let taken = self.failures.update(place, |until| {
            let owed = owed(until);
            (owed < BURST).then_some(now.saturating_add(owed).saturating_add(cost))
        });
        taken.map_err(|until| Duration::from_secs(u64::from(owed(until) + 1 - BURST)))
    }
}

fn seconds(now: Duration) -> u32 {
    u32::try_from(now.as_secs()).unwrap_or(u32::MAX)
}

/// A tag in the upper half of each word, a second in the lower.
struct Table(Box<[AtomicU64]>);

impl Table {
    fn new() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }

    fn load(&self, index: usize) -> u64 {
        self.0[index].load(Ordering::Relaxed)
    }

    fn get(&self, index: usize, tag: u32) -> Option<u32> {
        read(self.load(index), tag)
    }

    /// Written only when it changes, since other threads read the same line.
    fn set(&self, index: usize, word: u64) {
        if self.load(index) != word {
            self.0[index].store(word, Ordering::Relaxed);
        }
    }

    /// The second that was there, as the error, when `next` has none.
    fn update(
        &self,
        place: TableSlot,
        next: impl Fn(Option<u32>) -> Option<u32>,
    ) -> Result<(), Option<u32>> {
        let TableSlot { index, tag, .. } = place;
        let next = |found| Some(word(tag, next(read(found, tag))?));
        let updated = self.0[index].fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        updated.map(drop).map_err(|found| read(found, tag))
    }
}

fn word(tag: u32, second: u32) -> u64 {
    u64::from(tag) << 32 | u64::from(second)
}

/// The second, if the word is about this address.
fn read(word: u64, tag: u32) -> Option<u32> {
    let [a, b, c, d, ..] = word.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]) == tag).then(|| second_of(word))
}

fn second_of(word: u64) -> u32 {
    let [.., a, b, c, d] = word.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);
    const SECOND: Duration = Duration::from_secs(1);

    fn ip(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn an_address_has_its_burst_and_then_one_failure_a_second() {
        let standing = Standing::new(Servers::default());
        let place = standing.place(ip("192.0.2.1"));
        for _ in 0..BURST {
            standing.fail(place, NOW).unwrap();
        }
        assert_eq!(standing.fail(place, NOW), Err(SECOND));
        standing.fail(standing.place(ip("192.0.2.2")), NOW).unwrap();
        standing.fail(place, NOW + SECOND).unwrap();
        assert_eq!(standing.fail(place, NOW + SECOND), Err(SECOND));
        for _ in 0..BURST {
            standing.fail(place, NOW + SECOND * 200).unwrap();
        }
        assert!(standing.fail(place, NOW + SECOND * 200).is_err());
    }

    #[test]
    fn one_of_three_servers_counts_a_failure_as_three() {
        let servers = Servers::default();
        let standing = Standing::new(servers.clone());
        servers.set(3);
        let place = standing.place(ip("192.0.2.1"));
        let counted = |now| (0..BURST).filter(|_| standing.fail(place, now).is_ok()).count();
        assert_eq!(counted(NOW), 34);
        assert_eq!(counted(NOW + SECOND * 30), 10);
    }

    #[test]
    fn a_clock_that_goes_back_makes_nobody_wait_for_long() {
        let standing = Standing::new(Servers::default());
        let place = standing.place(ip("192.0.2.1"));
        standing.fail(place, NOW).unwrap();
        standing.fail(place, Duration::ZERO).unwrap();
    }

    #[test]
    fn ipv6_counts_by_64_bits_and_no_address_is_one_customer() {
        let standing = Standing::new(Servers::default());
        for n in 0..BURST {
            standing.fail(standing.place(ip(&format!("2001:db8::{n:x}"))), NOW).unwrap();
            standing.fail(standing.place(None), NOW).unwrap();
        }
        assert!(standing.fail(standing.place(ip("2001:db8::ffff:1")), NOW).is_err());
        assert!(standing.fail(standing.place(None), NOW).is_err());
        standing.fail(standing.place(ip("2001:db8:0:1::1")), NOW).unwrap();
    }

    #[test]
    fn a_good_key_is_remembered_for_its_time() {
        let standing = Standing::new(Servers::default());
        let place = standing.place(ip("192.0.2.1"));
        assert!(!standing.is_known(place, NOW), "also when the clock has just begun");
        standing.remember(place, NOW);
        assert!(standing.is_known(place, NOW + MEMORY.saturating_sub(SECOND)));
        assert!(!standing.is_known(place, NOW + MEMORY));
        assert!(!standing.is_known(standing.place(ip("192.0.2.2")), NOW));
    }

    #[test]
    fn a_good_address_is_thrown_out_by_two_that_share_its_places_and_not_by_one() {
        let standing = Standing::new(Servers::default());
        let place = |tag| TableSlot { index: 1, second: 2, tag };
        let known = |tags: [u32; 3], now| tags.map(|tag| standing.is_known(place(tag), now));
        standing.remember(place(1), NOW);
        standing.remember(place(3), NOW + SECOND);
        assert_eq!(known([1, 3, 5], NOW + SECOND), [true, true, false]);
        // Again, in its own place; then the other one has been silent for longer.
        standing.remember(place(1), NOW + SECOND * 2);
        assert_eq!(known([1, 3, 5], NOW + SECOND * 2), [true, true, false]);
        standing.remember(place(5), NOW + SECOND * 3);
        assert_eq!(known([1, 3, 5], NOW + SECOND * 3), [true, false, true]);
        standing.remember(place(3), NOW + SECOND * 4);
        assert_eq!(known([1, 3, 5], NOW + SECOND * 4), [false, true, true]);
    }

    #[test]
    fn of_thousands_of_good_addresses_hardly_one_is_forgotten() {
        let standing = Standing::new(Servers::default());
        let place = |n: u32| standing.place(Some(IpAddr::from(n.to_be_bytes())));
        (0..5_000).for_each(|n| standing.remember(place(n), NOW));
        let forgotten = (0..5_000).filter(|n| !standing.is_known(place(*n), NOW)).count();
        // Ten are expected; with one place it would be 190.
        assert!(forgotten < 60, "{forgotten}");
    }

    #[test]
    fn nobody_pays_for_the_failures_of_another_address_however_many_there_are() {
        let standing = Standing::new(Servers::default());
        let address = |n: u32| Some(IpAddr::from(n.to_be_bytes()));
        for n in 0..200_000 {
            let place = standing.place(address(n));
            for _ in 0..=BURST {
                let _ = standing.fail(place, NOW);
            }
        }
        let refused = |n: &u32| standing.fail(standing.place(address(*n)), NOW).is_err();
        // The tags have 31 bits: one in 30 000 of such crowds meets one that is alike.
        assert_eq!((1_000_000..1_010_000).filter(refused).count(), 0);
    }
}
