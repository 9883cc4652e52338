//! All keys in memory, found by a scan whose time tells nothing. Pure: no HTTP, no
//! database.
//!
//! Threat: somebody who measures how long refusals take. Therefore:
//!
//! 1. Every lookup visits **every** slot of every page, used or not, and leaves early
//!    for nothing. A slot is compared without a branch: its difference becomes a mask of
//!    all ones or all zeros, and masks are only ever combined by `or`.
//!    What is compared is the first 64 bits of each digest, or all of it while two stored
//!    digests agree in those: which of the two depends on what is stored, never on what is
//!    presented.
//! 2. Unused slots hold random digests, so they cannot be told from used ones and the
//!    time depends on the number of pages alone.
//! 3. The scan alone answers for a digest that is nowhere. A slot that it selected is
//!    compared once more with `subtle`, which decides, where its record is taken out. How
//!    long that takes depends on where the slot lies in the processor's caches; only the
//!    holder of the key gets there. No digest is in two slots, so the `or` of the selected
//!    places is one place.
//!
//! The pages are the values of a `DashMap`: digests side by side in eight columns of `u32`
//! make the scan a linear read that the compiler vectorises: for what every x86-64 has, and
//! for AVX2, which is chosen when the machine has it. (Columns of `u64` it does not vectorise
//! for the former, which compares 32 bits.) Numbers: README, "Measured".
//!
//! A key has one digest, or two while a rotation overlaps.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::BuildHasherDefault;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use pulp::Arch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use subtle::{Choice, ConstantTimeEq};

use super::scan::{PART, scan, zero_mask};
use super::token::KeyDigest;

/// Slots of the first page. 1024 digests are 32 kB: they stay in the first-level cache, and
/// an installation with few keys pays for no more than that.
pub const FIRST_PAGE_SLOTS: usize = PART;

/// Slots of every other page: four times as much, since long columns are read faster from
/// memory. A multiple of [`FIRST_PAGE_SLOTS`].
pub const PAGE_SLOTS: usize = 4096;

/// An iterator over a `DashMap` locks, and allocates, once for each shard; there are by
/// default four for each processor. Verifications only read, so they do not need them.
const SHARDS: usize = 2;

/// Columns of a digest's first 64 bits. A million random digests agree in them with a
/// chance of 1 in 10^7.
const PREFIX: usize = 2;

type Words = [u32; 8];
type Prefix = [u32; PREFIX];
type Column = Box<[u32]>;

struct Page<T> {
    columns: [Column; 8],
    records: Vec<Option<Arc<T>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    page: u32,
    slot: u32,
}

/// Where the digests of one key are: the key itself, and the one it replaces.
type Places = [Option<Place>; 2];

/// Only writers use the index, and they take turns on its lock.
struct Index {
    by_id: HashMap<Arc<str>, Places>,
    /// Where the digests are that begin with these words: the first one, and the others,
    /// of which there are practically never any.
    by_prefix: HashMap<Prefix, Place>,
    colliding: HashMap<Prefix, Vec<Place>>,
    free: Vec<Place>,
    pages: u32,
    rng: StdRng,
}

/// What a scan selected. Holds for an unknown digest too: then it selects nothing.
#[derive(Clone, Copy)]
pub struct Located {
    place: Place,
    found: Choice,
}

impl Located {
    /// Whether the digest was found, as `subtle` gives it.
    pub fn found(self) -> Choice {
        self.found
    }
}

/// Another key already has this digest; authentication could not tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another key has the same digest")]
pub struct SameDigest;

/// A digest and what is found by it.
pub type Digested<T> = (KeyDigest, Arc<T>);

/// Records of type `T`, found by the digest of a key, changed by id.
pub struct Cache<T> {
    // Page numbers are our own, so a fixed hasher is safe; it makes the order of a scan
    // repeat from run to run.
    pages: DashMap<u32, Page<T>, BuildHasherDefault<DefaultHasher>>,
    index: Mutex<Index>,
    prefixes_collide: AtomicBool,
    arch: Arch,
}

impl<T> Cache<T> {
    /// An empty cache whose unused slots are filled from `seed`.
    pub fn new(seed: [u8; 32]) -> Self {
        Self::for_arch(seed, Arch::new())
    }

    /// One that scans with these instructions. [`Arch::Scalar`] stands for those that every
    /// machine has.
    pub fn for_arch(seed: [u8; 32], arch: Arch) -> Self {
        let index = Index {
            by_id: HashMap::new(),
            by_prefix: HashMap::new(),
            colliding: HashMap::new(),
            free: Vec::new(),
            pages: 0,
            rng: StdRng::from_seed(seed),
        };
        let pages = DashMap::with_hasher_and_shard_amount(BuildHasherDefault::default(), SHARDS);
        let (index, prefixes_collide) = (Mutex::new(index), AtomicBool::new(false));
        let cache = Self { pages, index, prefixes_collide, arch };
        // Page 0 is always there: it answers for digests that are nowhere.
        cache.add_page(&mut cache.lock());
        cache
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.lock().by_id.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of slots that every lookup visits, used or not.
    pub fn slots(&self) -> usize {
        let pages = self.lock().pages as usize;
        FIRST_PAGE_SLOTS + (pages - 1) * PAGE_SLOTS
    }

    /// Ids of all keys, in no order.
    pub fn ids(&self) -> Vec<Arc<str>> {
        self.lock().by_id.keys().cloned().collect()
    }

    /// The record of the key with this id.
    pub fn get(&self, id: &str) -> Option<Arc<T>> {
        let [place, _] = *self.lock().by_id.get(id)?;
        self.record_at(place?)
    }

    /// Shows every record to `look`, those of replaced keys among them, in no order.
    pub fn for_each(&self, mut look: impl FnMut(&T)) {
        for page in &self.pages {
            page.records.iter().flatten().for_each(|record| look(record));
        }
    }

    /// The record of the key with this digest.
    pub fn find(&self, digest: &KeyDigest) -> Option<Arc<T>> {
        self.fetch(digest, self.locate(digest))
    }

    /// Puts a key in, or replaces everything about the key with this id. `former` is the key
    /// that it replaces, while that still works.
    pub fn insert(
        &self,
        id: &Arc<str>,
        current: Digested<T>,
        former: Option<Digested<T>>,
    ) -> Result<(), SameDigest> {
        let mut index = self.lock();
        let held = index.by_id.get(id).copied().unwrap_or_default();
        let former = former.filter(|(digest, _)| *digest != current.0);
        let wanted = [Some(current), former].map(|entry| {
            entry.map(|(digest, record)| (self.place_of(&index, &digest), digest, record))
        });
        let places = || wanted.iter().flatten().filter_map(|(place, ..)| *place);
        if places().any(|place| !held.contains(&Some(place))) {
            // What this id had before is out of date as well.
            self.take_out(&mut index, id);
            return Err(SameDigest);
        }
        // What is no longer accepted goes first; what stays is never absent.
        let stale = held.into_iter().flatten().filter(|held| places().all(|place| place != *held));
        stale.collect::<Vec<_>>().into_iter().for_each(|place| self.clear(&mut index, place));
        let places = wanted.map(|entry| {
            let (place, digest, record) = entry?;
            let place = place.unwrap_or_else(|| self.claim(&mut index, &digest));
            self.write(place, words(&digest), Some(record));
            Some(place)
        });
        index.by_id.insert(id.clone(), places);
        Ok(())
    }

    /// Takes a key out. When this returns, no lookup finds it any more.
    pub fn remove(&self, id: &str) -> bool {
        self.take_out(&mut self.lock(), id)
    }

    fn take_out(&self, index: &mut Index, id: &str) -> bool {
        let Some(places) = index.by_id.remove(id) else { return false };
        places.into_iter().flatten().for_each(|place| self.clear(index, place));
        true
    }

    fn clear(&self, index: &mut Index, place: Place) {
        if let Some(digest) = self.digest_at(place) {
            index.forget([digest[0], digest[1]], place);
        }
        let random = std::array::from_fn(|_| index.rng.next_u32());
        self.write(place, random, None);
        self.prefixes_collide.store(!index.colliding.is_empty(), Ordering::SeqCst);
        index.free.push(place);
    }

    /// A slot for a digest that is nowhere yet.
    fn claim(&self, index: &mut Index, digest: &KeyDigest) -> Place {
        if index.free.is_empty() {
            self.add_page(index);
        }
        let place = index.free.pop().unwrap_or_default();
        index.remember(prefix(digest), place);
        // Before the digest can be found by its prefix alone.
        self.prefixes_collide.store(!index.colliding.is_empty(), Ordering::SeqCst);
        place
    }

    /// The scan of rules 1 and 3, without taking the record out. [`Cache::find`] is this
    /// and one more look at the place; benches and the timing check call it alone.
    pub fn locate(&self, digest: &KeyDigest) -> Located {
        if self.prefixes_collide.load(Ordering::SeqCst) {
            self.locate_by::<8>(words(digest))
        } else {
            self.locate_by(prefix(digest))
        }
    }

    fn locate_by<const N: usize>(&self, wanted: [u32; N]) -> Located {
        let (mut page_number, mut slot_number) = (0, 0);
        for page in &self.pages {
            let columns = std::array::from_fn(|i| &*page.columns[i]);
            let found = scan(self.arch, columns, &wanted);
            page_number |= !zero_mask(found) & *page.key();
            slot_number |= found;
        }
        // A digest that moves during the scan may be seen twice: then the place is a wrong
        // one, or none, and refused there.
        let place = Place { page: page_number, slot: slot_number.saturating_sub(1) };
        Located { place, found: !slot_number.ct_eq(&0) }
    }

    fn fetch(&self, digest: &KeyDigest, located: Located) -> Option<Arc<T>> {
        if !bool::from(located.found) {
            return None;
        }
        let page = self.pages.get(&located.place.page)?;
        let slot = located.place.slot as usize;
        let record = page.records.get(slot)?;
        // The key may have been revoked, and its slot given away, since the scan.
        let same = page.digest(slot).ct_eq(&words(digest));
        if bool::from(same) { record.clone() } else { None }
    }

    fn place_of(&self, index: &Index, digest: &KeyDigest) -> Option<Place> {
        let wanted = Some(words(digest));
        index.places(prefix(digest)).find(|place| self.digest_at(*place) == wanted)
    }

    fn digest_at(&self, place: Place) -> Option<Words> {
        Some(self.pages.get(&place.page)?.digest(place.slot as usize))
    }

    fn record_at(&self, place: Place) -> Option<Arc<T>> {
        self.pages.get(&place.page)?.records.get(place.slot as usize)?.clone()
    }

    fn write(&self, place: Place, digest: Words, record: Option<Arc<T>>) {
        if let Some(mut page) = self.pages.get_mut(&place.page) {
            let slot = place.slot as usize;
            for (column, word) in page.columns.iter_mut().zip(digest) {
                column[slot] = word;
            }
            page.records[slot] = record;
        }
    }

    fn add_page(&self, index: &mut Index) {
        let page = index.pages;
        let slots = if page == 0 { FIRST_PAGE_SLOTS } else { PAGE_SLOTS };
        let columns = std::array::from_fn(|_| (0..slots).map(|_| index.rng.next_u32()).collect());
        let records = std::iter::repeat_with(|| None).take(slots).collect();
        self.pages.insert(page, Page { columns, records });
        index.pages += 1;
        // Popped from the end: slots fill from the front.
        let places = (0..).take(slots).map(|slot| Place { page, slot }).collect::<Vec<_>>();
        index.free.extend(places.into_iter().rev());
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn places(&self, prefix: Prefix) -> impl Iterator<Item = Place> {
        let others = self.colliding.get(&prefix).into_iter().flatten();
        self.by_prefix.get(&prefix).into_iter().chain(others).copied()
    }

    fn remember(&mut self, prefix: Prefix, place: Place) {
        match self.by_prefix.entry(prefix) {
            Entry::Vacant(first) => drop(first.insert(place)),
            Entry::Occupied(_) => self.colliding.entry(prefix).or_default().push(place),
        }
    }

    fn forget(&mut self, prefix: Prefix, place: Place) {
        let mut left: Vec<Place> = self.places(prefix).filter(|other| *other != place).collect();
        self.colliding.remove(&prefix);
        match left.pop() {
            None => drop(self.by_prefix.remove(&prefix)),
            Some(first) => {
                self.by_prefix.insert(prefix, first);
                if !left.is_empty() {
                    self.colliding.insert(prefix, left);
                }
            }
        }
    }
}

impl<T> Page<T> {
    fn digest(&self, slot: usize) -> Words {
        std::array::from_fn(|column| self.columns[column][slot])
    }
}

fn prefix(digest: &KeyDigest) -> Prefix {
    let [a, b, ..] = words(digest);
    [a, b]
}

fn words(digest: &KeyDigest) -> Words {
    let (chunks, _) = digest.as_bytes().as_chunks::<4>();
    std::array::from_fn(|i| u32::from_ne_bytes(chunks[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u64) -> KeyDigest {
        KeyDigest::of(&n.to_string())
    }

    fn cache(keys: u64) -> Cache<u64> {
        let cache = Cache::new([7; 32]);
        for n in 0..keys {
            cache.insert(&n.to_string().into(), (digest(n), Arc::new(n)), None).unwrap();
        }
        cache
    }

    #[test]
    fn finds_the_first_the_last_and_each_between_over_several_pages() {
        let keys = (FIRST_PAGE_SLOTS + PAGE_SLOTS) as u64 + 1;
        let cache = cache(keys);
        for n in [0, 1, 1023, 1024, 1025, 2047, 2048, 5119, 5120] {
            assert_eq!(cache.find(&digest(n)).as_deref(), Some(&n));
        }
        assert_eq!(cache.find(&digest(keys)), None);
        assert_eq!(cache.len() as u64, keys);
    }

    #[test]
    fn an_empty_cache_finds_nothing() {
        let cache = cache(0);
        assert!(cache.is_empty());
        assert_eq!(cache.find(&digest(0)), None);
        assert_eq!(cache.find(&KeyDigest::from([0; 32])), None);
    }

    #[test]
    fn digests_that_differ_in_one_bit_are_told_apart() {
        let cache = Cache::new([7; 32]);
        let original = [0x5a; 32];
        cache.insert(&"a".into(), (original.into(), Arc::new(0)), None).unwrap();
        for bit in 0..256 {
            let mut other = original;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(cache.find(&other.into()), None, "bit {bit}");
        }
        assert!(cache.find(&original.into()).is_some());
    }

    #[test]
    fn digests_that_begin_alike_are_told_apart() {
        let cache = Cache::new([7; 32]);
        let made_up = |n: u8| {
            let mut digest = [0x5a; 32];
            digest[31] = n;
            KeyDigest::from(digest)
        };
        let insert = |n: u8| {
            cache.insert(&n.to_string().into(), (made_up(n), Arc::new(n)), None).unwrap();
        };
        for n in 0..3 {
            insert(n);
            for m in 0..4 {
                assert_eq!(cache.find(&made_up(m)).as_deref(), (m <= n).then_some(&m));
            }
        }
        // Replaced by itself, removed, and one that begins alike but is not stored.
        insert(1);
        for n in 0..2 {
            assert!(cache.prefixes_collide.load(Ordering::SeqCst));
            assert!(cache.remove(&n.to_string()));
            assert_eq!(cache.find(&made_up(n)), None);
            assert_eq!(cache.find(&made_up(2)).as_deref(), Some(&2));
        }
        assert!(!cache.prefixes_collide.load(Ordering::SeqCst));
        assert_eq!(cache.find(&made_up(3)), None);
        assert_eq!(cache.find(&made_up(2)).as_deref(), Some(&2));
    }

    #[test]
    fn a_removed_key_is_gone_and_its_slot_is_used_again() {
        let cache = cache(FIRST_PAGE_SLOTS as u64);
        assert!(cache.remove("5"));
        assert!(!cache.remove("5"));
        assert_eq!(cache.find(&digest(5)), None);
        cache.insert(&"new".into(), (digest(9_999), Arc::new(9_999)), None).unwrap();
        assert_eq!(cache.pages.len(), 1);
        assert_eq!(cache.find(&digest(9_999)).as_deref(), Some(&9_999));
    }

    #[test]
    fn replacing_a_record_keeps_its_place_and_forgets_the_old_digest() {
        let cache = cache(3);
        cache.insert(&"1".into(), (digest(77), Arc::new(77)), None).unwrap();
        assert_eq!(cache.find(&digest(77)).as_deref(), Some(&77));
        assert_eq!(cache.find(&digest(1)), None);
        assert_eq!(cache.len(), 3);
        cache.insert(&"x".into(), (digest(1), Arc::new(1)), None).unwrap();
    }

    #[test]
    fn one_digest_under_two_ids_is_refused_and_the_first_stays() {
        let cache = cache(2);
        for id in ["other", "0"] {
            let refused = cache.insert(&id.into(), (digest(1), Arc::new(99)), None);
            assert_eq!(refused, Err(SameDigest));
            assert_eq!(cache.find(&digest(1)).as_deref(), Some(&1));
        }
        assert_eq!(cache.find(&digest(0)), None, "the digest it had before is out of date");
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn a_replaced_key_is_found_beside_the_new_one_until_it_is_left_out() {
        let cache = cache(3);
        let at = |n| cache.find(&digest(n)).as_deref().copied();
        let id = "1".into();
        let held = cache.slots();
        cache.insert(&id, (digest(10), Arc::new(10)), Some((digest(1), Arc::new(11)))).unwrap();
        assert_eq!((at(10), at(1), cache.len()), (Some(10), Some(11), 3));
        assert_eq!(cache.get("1").as_deref(), Some(&10));
        // Replaced once more: the older one of the two goes.
        cache.insert(&id, (digest(20), Arc::new(20)), Some((digest(10), Arc::new(21)))).unwrap();
        assert_eq!((at(20), at(10), at(1)), (Some(20), Some(21), None));
        let taken =
            cache.insert(&"2".into(), (digest(30), Arc::new(30)), Some((digest(10), Arc::new(31))));
        assert_eq!(taken, Err(SameDigest));
        assert_eq!((at(10), at(30), at(2)), (Some(21), None, None));
        cache.insert(&id, (digest(20), Arc::new(22)), None).unwrap();
        assert_eq!((at(20), at(10)), (Some(22), None));
        cache.insert(&id, (digest(20), Arc::new(23)), Some((digest(20), Arc::new(24)))).unwrap();
        assert_eq!(at(20), Some(23), "a key does not replace itself");
        assert!(cache.remove("1"));
        assert_eq!((at(20), at(10), cache.slots()), (None, None, held));
        let mut seen = Vec::new();
        cache.for_each(|n| seen.push(*n));
        assert_eq!(seen, [0]);
    }

    #[test]
    fn the_instructions_that_every_machine_has_find_the_same() {
        let keys = (FIRST_PAGE_SLOTS + PAGE_SLOTS) as u64 + 1;
        let cache = Cache::for_arch([7; 32], Arch::Scalar);
        for n in 0..keys {
            cache.insert(&n.to_string().into(), (digest(n), Arc::new(n)), None).unwrap();
        }
        for n in 0..keys + 5 {
            assert_eq!(cache.find(&digest(n)).as_deref(), (n < keys).then_some(&n));
        }
    }

    #[test]
    fn unused_slots_are_random() {
        let cache = cache(0);
        let page = cache.pages.get(&0).unwrap();
        let mut seen: Vec<Words> = (0..FIRST_PAGE_SLOTS).map(|slot| page.digest(slot)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), FIRST_PAGE_SLOTS);
        assert!(seen.iter().all(|words| words.iter().all(|word| *word != 0)));
    }

    #[test]
    fn a_place_whose_key_was_revoked_after_the_scan_gives_nothing() {
        let cache = cache(2);
        let located = cache.locate(&digest(1));
        assert!(cache.remove("1"));
        assert_eq!(cache.fetch(&digest(1), located), None);
        cache.insert(&"3".into(), (digest(3), Arc::new(3)), None).unwrap();
        assert_eq!(cache.fetch(&digest(1), located), None);
    }

    #[test]
    fn readers_and_writers_at_once_find_only_what_is_in() {
        let cache = cache(100);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..200 {
                    let id: Arc<str> = format!("w{round}").into();
                    let n = 10_000 + round;
                    cache.insert(&id, (digest(n), Arc::new(n)), None).unwrap();
                    assert!(cache.remove(&id));
                    assert_eq!(cache.find(&digest(10_000 + round)), None);
                }
            });
            scope.spawn(|| {
                for n in (0..100).cycle().take(2_000) {
                    assert_eq!(cache.find(&digest(n)).as_deref(), Some(&n));
                }
            });
        });
    }
}
