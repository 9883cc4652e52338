//! What is measured, and the control that must be caught.

use std::hint::black_box;
use std::sync::Arc;

use keyward_core::cache::Cache;
use keyward_core::digest::KeyDigest;
use pulp::Arch;

/// Three pages, the last one not full.
pub const KEYS: usize = 3_000;

/// The digest of the key in the given place; places from the number of keys on are absent.
pub fn digest(place: usize) -> KeyDigest {
    KeyDigest::of(&place.to_string())
}

/// A digest that is nowhere, and begins like that of the key in the given place.
pub fn twin(place: usize) -> KeyDigest {
    let mut bytes = *digest(place).as_bytes();
    bytes[31] ^= 1;
    bytes.into()
}

/// A cache with `keys` keys. The seed is fixed, so that two processes build the same one.
pub fn cache(keys: usize) -> Cache<usize> {
    filled(Cache::new([7; 32]), keys)
}

/// One that scans with the instructions that every machine has.
pub fn portable(keys: usize) -> Cache<usize> {
    filled(Cache::for_arch([7; 32], Arch::Scalar), keys)
}

/// One in which every tenth key has a twin, so that a tenth is in overflow pages.
pub fn crowded(keys: usize) -> Cache<usize> {
    let cache = cache(keys);
    for place in (0..keys).step_by(10) {
        let id = format!("twin of {place}").into();
        let inserted = cache.insert(&id, (twin(place), Arc::new(place)), None);
        assert!(inserted.is_ok(), "the digests differ");
    }
    cache
}

fn filled(cache: Cache<usize>, keys: usize) -> Cache<usize> {
    for place in 0..keys {
        let inserted =
            cache.insert(&place.to_string().into(), (digest(place), Arc::new(place)), None);
        assert!(inserted.is_ok(), "the digests differ");
    }
    cache
}

/// The control: the digests alone, for a search that stops where it finds.
pub fn leaky(keys: usize) -> Vec<KeyDigest> {
    (0..keys).map(digest).collect()
}

/// One lookup. The name is how callgrind finds it, so it is never inlined.
#[inline(never)]
pub fn measured_locate(cache: &Cache<usize>, wanted: &KeyDigest) -> bool {
    black_box(cache).locate(black_box(wanted)).found().into()
}

/// One lookup that is refused, with the comparison that decides.
#[inline(never)]
pub fn measured_refuse(cache: &Cache<usize>, wanted: &KeyDigest) -> bool {
    black_box(cache).find(black_box(wanted)).is_some()
}

/// One lookup that leaves early, compared byte by byte until they differ.
#[inline(never)]
pub fn measured_leaky(digests: &[KeyDigest], wanted: &KeyDigest) -> bool {
    black_box(digests).contains(black_box(wanted))
}
