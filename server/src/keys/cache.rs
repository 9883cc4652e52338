//! All keys in memory, found by a scan whose time tells nothing. Pure: no HTTP, no
//! database.
//!
//! Threat: somebody who measures how long refusals take. Therefore:
//!
//! 1. Every lookup visits **every** slot of every page, used or not, and leaves early
//!    for nothing. A slot is compared without a branch: its difference becomes a mask of
//!    all ones or all zeros, and masks are only ever combined by `or`.
//! 2. Unused slots hold random digests, so they cannot be told from used ones and the
//!    time depends on the number of pages alone.
//! 3. Exactly one digest, that of the selected slot (slot 0 of page 0 when nothing was
//!    selected), is compared again with `subtle`, which decides. No digest is in two
//!    slots, so the `or` of the selected places is one place.
//!
//! The pages are the values of a `DashMap`: digests side by side in four columns of
//! `u64` make the scan a linear read that the compiler vectorises. Numbers: README,
//! "Measured".

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use subtle::{Choice, ConstantTimeEq};

use super::token::KeyDigest;

/// Slots of a page. 1024 digests are 32 kB: one page stays in the first-level cache, and
/// an installation with few keys pays for no more than that.
pub const PAGE_SLOTS: usize = 1024;

type Words = [u64; 4];
type Column = Box<[u64; PAGE_SLOTS]>;

struct Page<T> {
    columns: [Column; 4],
    records: Vec<Option<Arc<T>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    page: u32,
    slot: usize,
}

/// Only writers use the index, and they take turns on its lock.
struct Index {
    by_id: HashMap<Arc<str>, (KeyDigest, Place)>,
    by_digest: HashMap<KeyDigest, Arc<str>>,
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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key with id {0} has the same digest")]
pub struct SameDigest(pub Arc<str>);

/// Records of type `T`, found by the digest of a key, changed by id.
pub struct Cache<T> {
    // Page numbers are our own, so a fixed hasher is safe; it makes the order of a scan
    // repeat from run to run.
    pages: DashMap<u32, Page<T>, BuildHasherDefault<DefaultHasher>>,
    index: Mutex<Index>,
}

impl<T> Cache<T> {
    /// An empty cache whose unused slots are filled from `seed`.
    pub fn new(seed: [u8; 32]) -> Self {
        let index = Index {
            by_id: HashMap::new(),
            by_digest: HashMap::new(),
            free: Vec::new(),
            pages: 0,
            rng: StdRng::from_seed(seed),
        };
        let cache = Self { pages: DashMap::default(), index: Mutex::new(index) };
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

    /// Ids of all keys, in no order.
    pub fn ids(&self) -> Vec<Arc<str>> {
        self.lock().by_id.keys().cloned().collect()
    }

    /// The record of the key with this digest.
    pub fn find(&self, digest: &KeyDigest) -> Option<Arc<T>> {
        self.fetch(digest, self.locate(digest))
    }

    /// Puts a key in, or replaces the record (and the digest) of the key with this id.
    pub fn insert(
        &self,
        id: &Arc<str>,
        digest: KeyDigest,
        record: Arc<T>,
    ) -> Result<(), SameDigest> {
        let mut index = self.lock();
        if let Some(other) = index.by_digest.get(&digest).filter(|other| *other != id) {
            return Err(SameDigest(other.clone()));
        }
        let place = self.place_for(&mut index, id);
        if let Some((old, _)) = index.by_id.insert(id.clone(), (digest, place)) {
            index.by_digest.remove(&old);
        }
        index.by_digest.insert(digest, id.clone());
        self.write(place, words(&digest), Some(record));
        Ok(())
    }

    /// Takes a key out. When this returns, no lookup finds it any more.
    pub fn remove(&self, id: &str) -> bool {
        let mut index = self.lock();
        let Some((digest, place)) = index.by_id.remove(id) else { return false };
        index.by_digest.remove(&digest);
        let random = random_words(&mut index.rng);
        self.write(place, random, None);
        index.free.push(place);
        true
    }

    /// The scan of rules 1 and 3, without taking the record out. [`Cache::find`] is this
    /// and one more look at the place; benches and the timing check call it alone.
    pub fn locate(&self, digest: &KeyDigest) -> Located {
        let wanted = words(digest);
        let (mut any, mut page_number, mut slot) = (0, 0, 0);
        for page in &self.pages {
            let (page_any, page_slot) = scan(&page.columns, &wanted);
            any |= page_any;
            page_number |= page_any & u64::from(*page.key());
            slot |= page_slot;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a page number and a slot fit 32 bits")]
        let place = Place { page: page_number as u32, slot: slot as usize };
        let found = self.digest_at(place).ct_eq(&wanted) & (any & 1).ct_eq(&1);
        Located { place, found }
    }

    fn fetch(&self, digest: &KeyDigest, located: Located) -> Option<Arc<T>> {
        if !bool::from(located.found) {
            return None;
        }
        let page = self.pages.get(&located.place.page)?;
        let slot = located.place.slot;
        // The key may have been revoked, and its slot given away, since the scan.
        let same = page.digest(slot).ct_eq(&words(digest));
        if bool::from(same) { page.records[slot].clone() } else { None }
    }

    fn digest_at(&self, place: Place) -> Words {
        self.pages.get(&place.page).map_or([0; 4], |page| page.digest(place.slot))
    }

    fn write(&self, place: Place, digest: Words, record: Option<Arc<T>>) {
        if let Some(mut page) = self.pages.get_mut(&place.page) {
            let slot = place.slot;
            for (column, word) in page.columns.iter_mut().zip(digest) {
                column[slot] = word;
            }
            page.records[slot] = record;
        }
    }

    fn place_for(&self, index: &mut Index, id: &Arc<str>) -> Place {
        if let Some((_, place)) = index.by_id.get(id) {
            return *place;
        }
        if index.free.is_empty() {
            self.add_page(index);
        }
        index.free.pop().unwrap_or_default()
    }

    fn add_page(&self, index: &mut Index) {
        let columns = std::array::from_fn(|_| random_column(&mut index.rng));
        let records = std::iter::repeat_with(|| None).take(PAGE_SLOTS).collect();
        let page = index.pages;
        self.pages.insert(page, Page { columns, records });
        index.pages += 1;
        // Popped from the end: slots fill from the front.
        index.free.extend((0..PAGE_SLOTS).rev().map(|slot| Place { page, slot }));
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Page<T> {
    fn digest(&self, slot: usize) -> Words {
        std::array::from_fn(|column| self.columns[column][slot])
    }
}

/// All ones and the slot, or zeros: never a branch on a digest.
fn scan(columns: &[Column; 4], wanted: &Words) -> (u64, u64) {
    let [a, b, c, d] = columns;
    let (mut any, mut slot) = (0, 0);
    for i in 0..PAGE_SLOTS {
        let differs =
            (a[i] ^ wanted[0]) | (b[i] ^ wanted[1]) | (c[i] ^ wanted[2]) | (d[i] ^ wanted[3]);
        let mask = ((differs | differs.wrapping_neg()) >> 63).wrapping_sub(1);
        any |= mask;
        slot |= mask & i as u64;
    }
    (any, slot)
}

fn words(digest: &KeyDigest) -> Words {
    let (chunks, _) = digest.as_bytes().as_chunks::<8>();
    std::array::from_fn(|i| u64::from_ne_bytes(chunks[i]))
}

fn random_column(rng: &mut StdRng) -> Column {
    let mut column = Box::new([0; PAGE_SLOTS]);
    column.fill_with(|| rng.next_u64());
    column
}

fn random_words(rng: &mut StdRng) -> Words {
    std::array::from_fn(|_| rng.next_u64())
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
            cache.insert(&n.to_string().into(), digest(n), Arc::new(n)).unwrap();
        }
        cache
    }

    #[test]
    fn finds_the_first_the_last_and_each_between_over_several_pages() {
        let keys = 2 * PAGE_SLOTS as u64 + 1;
        let cache = cache(keys);
        for n in [0, 1, 1023, 1024, 1025, 2047, 2048] {
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
        cache.insert(&"a".into(), original.into(), Arc::new(0)).unwrap();
        for bit in 0..256 {
            let mut other = original;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(cache.find(&other.into()), None, "bit {bit}");
        }
        assert!(cache.find(&original.into()).is_some());
    }

    #[test]
    fn a_removed_key_is_gone_and_its_slot_is_used_again() {
        let cache = cache(PAGE_SLOTS as u64);
        assert!(cache.remove("5"));
        assert!(!cache.remove("5"));
        assert_eq!(cache.find(&digest(5)), None);
        cache.insert(&"new".into(), digest(9_999), Arc::new(9_999)).unwrap();
        assert_eq!(cache.pages.len(), 1);
        assert_eq!(cache.find(&digest(9_999)).as_deref(), Some(&9_999));
    }

    #[test]
    fn replacing_a_record_keeps_its_place_and_forgets_the_old_digest() {
        let cache = cache(3);
        cache.insert(&"1".into(), digest(77), Arc::new(77)).unwrap();
        assert_eq!(cache.find(&digest(77)).as_deref(), Some(&77));
        assert_eq!(cache.find(&digest(1)), None);
        assert_eq!(cache.len(), 3);
        cache.insert(&"x".into(), digest(1), Arc::new(1)).unwrap();
    }

    #[test]
    fn one_digest_under_two_ids_is_refused_and_the_first_stays() {
        let cache = cache(2);
        let refused = cache.insert(&"other".into(), digest(1), Arc::new(99));
        assert_eq!(refused, Err(SameDigest("1".into())));
        assert_eq!(cache.find(&digest(1)).as_deref(), Some(&1));
    }

    #[test]
    fn unused_slots_are_random() {
        let cache = cache(0);
        let page = cache.pages.get(&0).unwrap();
        let mut seen: Vec<Words> = (0..PAGE_SLOTS).map(|slot| page.digest(slot)).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), PAGE_SLOTS);
        assert!(seen.iter().all(|words| words.iter().all(|word| *word != 0)));
    }

    #[test]
    fn a_place_whose_key_was_revoked_after_the_scan_gives_nothing() {
        let cache = cache(2);
        let located = cache.locate(&digest(1));
        assert!(cache.remove("1"));
        assert_eq!(cache.fetch(&digest(1), located), None);
        cache.insert(&"3".into(), digest(3), Arc::new(3)).unwrap();
        assert_eq!(cache.fetch(&digest(1), located), None);
    }

    #[test]
    fn readers_and_writers_at_once_find_only_what_is_in() {
        let cache = cache(100);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0..200 {
                    let id: Arc<str> = format!("w{round}").into();
                    cache.insert(&id, digest(10_000 + round), Arc::new(10_000 + round)).unwrap();
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
