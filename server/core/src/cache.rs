//! All keys in memory, found by a scan whose time tells nothing. Pure: no HTTP, no
//! database.
//!
//! Threat: somebody who measures how long refusals take. Therefore:
//!
//! 1. Every lookup visits **every** slot of every page, used or not, and leaves early
//!    for nothing. A slot is compared without a branch: its difference becomes a mask of
//!    all ones or all zeros, and masks are only ever combined by `or`.
//!    What is compared is the tag, the first 32 bits of each digest. No two slots have the
//!    same tag, so the `or` of the selected places is one place. Digests whose tag is taken
//!    are in *overflow pages*, where all bits are compared.
//! 2. Unused slots hold random digests, so they look like used ones and the
//!    time depends on the number of pages alone.
//! 3. Then exactly one slot is compared on all bits, with `subtle`, which decides: the one
//!    that was selected, or, when none was, one that depends on what was presented.
//!
//! The pages are the values of a `DashMap`. Their tags lie side by side, apart from the
//! digests, so that the scan is a linear read, which the compiler vectorises for what every
//! x86-64 has, and for AVX2 and AVX-512, which are chosen when the machine has them. A lookup
//! among very many keys costs what reading the tags costs: with 64 bits of each digest it
//! took twice as long. Numbers: `server/docs/measured.md`.
//!
//! A key has one digest, or two while a rotation overlaps.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use dashmap::DashMap;
use pulp::Arch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::digest::KeyDigest;
use crate::scan::{LANES, Words, scan, scan_whole, zero_mask};

/// Slots of the first page. Their tags are 4 kB, and an installation with few keys pays for
/// no more than that.
pub const FIRST_PAGE_SLOTS: usize = FIRST_PAGE as usize;
const FIRST_PAGE: u32 = 1024;

/// Slots of every other page: four times as much, since long columns are read faster from
/// memory. As all lengths, a multiple of [`LANES`].
pub const PAGE_SLOTS: usize = 4096;

/// Slots of an overflow page. Of 100 000 digests one pair shares its tag, of a million
/// about a hundred.
const OVERFLOW_PAGE_SLOTS: usize = LANES;

/// Set in the number of an overflow page.
const OVERFLOW: u32 = 1 << 31;

/// An iterator over a `DashMap` locks, and allocates, once for each shard; there are by
/// default four for each processor. Verifications only read, so they do not need them.
const SHARDS: usize = 2;

struct Page<T> {
    /// The first word of each digest once more.
    tags: Box<[u32]>,
    digests: Box<[Words]>,
    records: Box<[Option<Arc<T>>]>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SlotRef {
    page: u32,
    slot: u32,
}

/// Where the digests of one key are: the key itself, and the one it replaces.
type SlotRefs = [Option<SlotRef>; 2];

/// Only writers use the index, and they take turns on its lock.
struct Index {
    by_id: HashMap<Arc<str>, SlotRefs>,
    /// Where the tag of each used slot is.
    by_tag: HashMap<u32, SlotRef>,
    /// The same of unused slots. Apart, since there are few of them: with a million keys, each
    /// look at the other table waits for memory.
    unused: HashMap<u32, SlotRef>,
    /// Where the digests are whose tag another one has.
    overflow: HashMap<KeyDigest, SlotRef>,
    free: Vec<SlotRef>,
    free_in_overflow: Vec<SlotRef>,
    pages: u32,
    overflow_pages: u32,
    rng: StdRng,
}

/// What a scan selected. Holds for an unknown digest too: then it is nothing.
#[derive(Clone, Copy)]
pub struct Located {
    place: SlotRef,
    found: Choice,
}

impl Located {
    /// Whether a slot was selected, as `subtle` gives it.
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
    /// Lets writers in. The locks of a `DashMap` prefer readers, and with many processors there
    /// may always be one; these do not, so that a revocation never waits for the load to end.
    gate: RwLock<()>,
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
            by_tag: HashMap::new(),
            unused: HashMap::new(),
            overflow: HashMap::new(),
            free: Vec::new(),
            free_in_overflow: Vec::new(),
            pages: 0,
            overflow_pages: 0,
            rng: StdRng::from_seed(seed),
        };
        let pages = DashMap::with_hasher_and_shard_amount(BuildHasherDefault::default(), SHARDS);
        let cache = Self { pages, index: Mutex::new(index), gate: RwLock::new(()), arch };
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

    /// Makes room for so many keys in all.
    pub fn reserve(&self, keys: usize) {
        let index = &mut *self.lock();
        index.by_id.reserve(keys.saturating_sub(index.by_id.len()));
        index.by_tag.reserve(keys.saturating_sub(index.by_tag.len()));
    }

    /// Number of slots that every lookup visits, used or not, but for those of overflow pages.
    pub fn slots(&self) -> usize {
        let index = self.lock();
        index.by_tag.len() + index.unused.len()
    }

    /// The records of the key with this id: its own, and that of the key it replaces.
    pub fn get(&self, id: &str) -> [Option<Arc<T>>; 2] {
        let places = self.lock().by_id.get(id).copied().unwrap_or_default();
        places.map(|place| self.record_at(place?))
    }

    /// The digests of the key with this id: its own, and that of the key it replaces.
    pub fn digests(&self, id: &str) -> [Option<KeyDigest>; 2] {
        let places = self.lock().by_id.get(id).copied().unwrap_or_default();
        places.map(|place| Some(digest_of(self.digest_at(place?)?)))
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

    fn clear(&self, index: &mut Index, place: SlotRef) {
        let mut random: Words = std::array::from_fn(|_| index.rng.next_u32());
        if place.page & OVERFLOW == 0 {
            if let Some([tag, ..]) = self.digest_at(place) {
                index.by_tag.remove(&tag);
            }
            random[0] = index.new_tag(place);
            index.free.push(place);
        } else {
            index.overflow.retain(|_, other| *other != place);
            index.free_in_overflow.push(place);
        }
        self.write(place, random, None);
    }

    /// A slot for a digest that is nowhere yet.
    fn claim(&self, index: &mut Index, digest: &KeyDigest) -> SlotRef {
        let [tag, ..] = words(digest);
        if index.by_tag.contains_key(&tag) {
            return self.claim_in_overflow(index, digest);
        }
        let place = match index.unused.get(&tag).copied() {
            None => {
                if index.free.is_empty() {
                    self.add_page(index);
                }
                index.free.pop().unwrap_or_default()
            }
            // A slot that happens to have the tag is as good as any other.
            Some(unused) => {
                index.free.retain(|place| *place != unused);
                unused
            }
        };
        if let Some([filler, ..]) = self.digest_at(place) {
            index.unused.remove(&filler);
        }
        index.by_tag.insert(tag, place);
        place
    }

    fn claim_in_overflow(&self, index: &mut Index, digest: &KeyDigest) -> SlotRef {
        if index.free_in_overflow.is_empty() {
            let page = OVERFLOW | index.overflow_pages;
            index.overflow_pages += 1;
            self.open_page(page, Page::random(OVERFLOW_PAGE_SLOTS, &mut index.rng));
            let places = (0..).take(OVERFLOW_PAGE_SLOTS).map(|slot| SlotRef { page, slot });
            index.free_in_overflow.extend(places);
        }
        let place = index.free_in_overflow.pop().unwrap_or_default();
        index.overflow.insert(*digest, place);
        place
    }

    /// The scan of rule 1, without taking the record out. [`Cache::find`] is this and rule 3;
    /// benches and the timing check call it alone.
    pub fn locate(&self, digest: &KeyDigest) -> Located {
        let _reads = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        let wanted = words(digest);
        // One for the slots found by their tag, one for those of overflow pages.
        let mut selected = [SlotRef::default(); 2];
        for page in &self.pages {
            let number = *page.key();
            let in_overflow = number >> 31;
            let slot = if in_overflow == 0 {
                scan(self.arch, &page.tags, wanted[0])
            } else {
                scan_whole(&page.digests, &wanted)
            };
            let place = &mut selected[in_overflow as usize];
            place.page |= !zero_mask(slot) & number;
            place.slot |= slot;
        }
        let [by_tag, in_overflow] = selected;
        // All bits outweigh a tag.
        let is_in_overflow = !in_overflow.slot.ct_eq(&0);
        let place = SlotRef::conditional_select(&by_tag, &in_overflow, is_in_overflow);
        let found = !place.slot.ct_eq(&0);
        // Slots are counted from one. A digest that moves during the scan may be seen twice:
        // then the place is a wrong one, or none, and refused there.
        let selected = SlotRef { page: place.page, slot: place.slot.wrapping_sub(1) };
        let other = SlotRef { page: 0, slot: wanted[1] % FIRST_PAGE };
        Located { place: SlotRef::conditional_select(&other, &selected, found), found }
    }

    /// Rule 3.
    fn fetch(&self, digest: &KeyDigest, located: Located) -> Option<Arc<T>> {
        let page = self.pages.get(&located.place.page)?;
        let slot = located.place.slot as usize;
        let record = page.records.get(slot)?;
        // The key may have been revoked, and its slot given away, since the scan.
        let same = page.digests.get(slot)?.ct_eq(&words(digest));
        if bool::from(same) { record.clone() } else { None }
    }

    fn place_of(&self, index: &Index, digest: &KeyDigest) -> Option<SlotRef> {
        let wanted = words(digest);
        let by_tag = index.by_tag.get(&wanted[0]).copied();
        let by_tag = by_tag.filter(|place| self.digest_at(*place) == Some(wanted));
        by_tag.or_else(|| index.overflow.get(digest).copied())
    }

    fn digest_at(&self, place: SlotRef) -> Option<Words> {
        self.pages.get(&place.page)?.digests.get(place.slot as usize).copied()
    }

    fn record_at(&self, place: SlotRef) -> Option<Arc<T>> {
        self.pages.get(&place.page)?.records.get(place.slot as usize)?.clone()
    }

    fn write(&self, place: SlotRef, digest: Words, record: Option<Arc<T>>) {
        let _writes = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut page) = self.pages.get_mut(&place.page) {
            let slot = place.slot as usize;
            page.tags[slot] = digest[0];
            page.digests[slot] = digest;
            page.records[slot] = record;
        }
    }

    fn add_page(&self, index: &mut Index) {
        let page = index.pages;
        let slots = if page == 0 { FIRST_PAGE_SLOTS } else { PAGE_SLOTS };
        let mut made = Page::random(slots, &mut index.rng);
        let places: Vec<SlotRef> = (0..).take(slots).map(|slot| SlotRef { page, slot }).collect();
        for (slot, place) in places.iter().enumerate() {
            made.tags[slot] = index.new_tag(*place);
            made.digests[slot][0] = made.tags[slot];
        }
        self.open_page(page, made);
        index.pages += 1;
        // Popped from the end: slots fill from the front.
        index.free.extend(places.into_iter().rev());
    }

    fn open_page(&self, number: u32, page: Page<T>) {
        let _writes = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.pages.insert(number, page);
    }

    fn lock(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// A random tag for an unused slot, like that of no other.
    fn new_tag(&mut self, place: SlotRef) -> u32 {
        loop {
            let tag = self.rng.next_u32();
            if !self.by_tag.contains_key(&tag)
                && let Entry::Vacant(vacant) = self.unused.entry(tag)
            {
                vacant.insert(place);
                return tag;
            }
        }
    }
}

impl<T> Page<T> {
    fn random(slots: usize, rng: &mut StdRng) -> Self {
        let random = || std::array::from_fn(|_| rng.next_u32());
        let digests: Box<[Words]> = std::iter::repeat_with(random).take(slots).collect();
        let tags = digests.iter().map(|digest| digest[0]).collect();
        Self { tags, digests, records: std::iter::repeat_with(|| None).take(slots).collect() }
    }
}

impl ConditionallySelectable for SlotRef {
    fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
        Self {
            page: u32::conditional_select(&a.page, &b.page, choice),
            slot: u32::conditional_select(&a.slot, &b.slot, choice),
        }
    }
}

fn words(digest: &KeyDigest) -> Words {
    let (chunks, _) = digest.as_bytes().as_chunks::<4>();
    std::array::from_fn(|i| u32::from_ne_bytes(chunks[i]))
}

fn digest_of(words: Words) -> KeyDigest {
    let mut bytes = [0; 32];
    let (chunks, _) = bytes.as_chunks_mut::<4>();
    for (chunk, word) in chunks.iter_mut().zip(words) {
        *chunk = word.to_ne_bytes();
    }
    bytes.into()
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
    fn the_digests_of_a_key_are_found_by_its_id() {
        let cache = Cache::new([1; 32]);
        let (id, record) = (Arc::from("a"), Arc::new(()));
        assert_eq!(cache.digests("a"), [None, None]);
        let former = Some((digest(2), record.clone()));
        cache.insert(&id, (digest(1), record), former).unwrap();
        assert_eq!(cache.digests("a"), [Some(digest(1)), Some(digest(2))]);
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
    fn room_that_is_there_is_not_made_again() {
        let cache = cache(0);
        cache.reserve(1_000);
        let room = |cache: &Cache<u64>| {
            let index = cache.lock();
            [index.by_id.capacity(), index.by_tag.capacity()]
        };
        let made = room(&cache);
        for n in 0..1_000 {
            cache.insert(&n.to_string().into(), (digest(n), Arc::new(n)), None).unwrap();
        }
        cache.reserve(1_000);
        assert_eq!(room(&cache), made);
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

    /// Digests with one tag.
    fn alike(n: u8) -> KeyDigest {
        let mut digest = [0x5a; 32];
        digest[31] = n;
        digest.into()
    }

    #[test]
    fn digests_that_begin_alike_are_told_apart() {
        let cache = Cache::new([7; 32]);
        let insert = |n: u8| {
            cache.insert(&n.to_string().into(), (alike(n), Arc::new(n)), None).unwrap();
        };
        // Over two overflow pages.
        for n in 0..100 {
            insert(n);
            for m in 0..101 {
                assert_eq!(cache.find(&alike(m)).as_deref(), (m <= n).then_some(&m));
            }
        }
        let taken = cache.insert(&"x".into(), (alike(99), Arc::new(0)), None);
        assert_eq!(taken, Err(SameDigest));
        // Replaced by itself, and removed: the first, which has the tag, and all others.
        insert(1);
        for n in 0..100 {
            assert!(cache.remove(&n.to_string()));
            for m in 0..101 {
                let expected = (n < m && m < 100).then_some(&m);
                assert_eq!(cache.find(&alike(m)).as_deref(), expected, "{m} without {n}");
            }
        }
        // The tag is free again.
        insert(100);
        assert_eq!(cache.find(&alike(100)).as_deref(), Some(&100));
        assert_eq!(cache.slots(), FIRST_PAGE_SLOTS);
    }

    #[test]
    fn a_digest_may_have_the_tag_of_an_unused_slot() {
        let cache = cache(3);
        let tags: Vec<u32> = cache.pages.get(&0).unwrap().tags.to_vec();
        for (n, tag) in (0_u64..).zip(&tags[500..900]) {
            let mut digest = [0x5a; 32];
            digest[..4].copy_from_slice(&tag.to_ne_bytes());
            cache.insert(&format!("t{n}").into(), (digest.into(), Arc::new(n)), None).unwrap();
            assert_eq!(cache.find(&digest.into()).as_deref(), Some(&n));
            if n % 2 == 0 {
                assert!(cache.remove(&format!("t{n}")));
                assert_eq!(cache.find(&digest.into()), None);
            }
        }
        assert_eq!((cache.len(), cache.slots()), (203, FIRST_PAGE_SLOTS));
        for n in 3..(FIRST_PAGE_SLOTS as u64 - 200) {
            cache.insert(&n.to_string().into(), (digest(n), Arc::new(n)), None).unwrap();
        }
        assert_eq!((cache.pages.len(), cache.slots()), (1, FIRST_PAGE_SLOTS));
        assert!((0..FIRST_PAGE_SLOTS as u64 - 200).all(|n| cache.find(&digest(n)).is_some()));
    }

    #[test]
    fn no_two_slots_have_the_same_tag() {
        let cache = cache(10_000);
        for n in (0..10_000).step_by(3) {
            cache.remove(&n.to_string());
        }
        let mut tags = Vec::new();
        for page in &cache.pages {
            tags.extend_from_slice(&page.tags);
            assert!(page.tags.iter().zip(&page.digests).all(|(tag, digest)| *tag == digest[0]));
        }
        let slots = tags.len();
        tags.sort_unstable();
        tags.dedup();
        assert_eq!((tags.len(), cache.slots()), (slots, slots));
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
        assert_eq!(cache.get("1").map(|record| record.as_deref().copied()), [Some(10), Some(11)]);
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
        assert_eq!((cache.len(), at(0)), (1, Some(0)));
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
        let mut seen: Vec<Words> = page.digests.to_vec();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), FIRST_PAGE_SLOTS);
        assert!(seen.iter().all(|words| words.iter().all(|word| *word != 0)));
    }

    #[test]
    fn a_place_whose_key_was_revoked_after_the_scan_gives_nothing() {
        let cache = cache(2);
        let located = cache.locate(&digest(1));
        assert!(bool::from(located.found()));
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
