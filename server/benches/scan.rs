//! What a lookup costs, and what it would cost otherwise. Run: `cargo bench --bench scan`.
//!
//! For each number of keys, in rounds that take turns:
//!
//! - **miss**, **hit**: `Cache::find` for a digest that is not there, and for one that is.
//! - **read**: as much memory as a scan compares (4 bytes of each slot, in one piece) read
//!   once and folded by `xor`. No scan can be faster, so `miss/read` says what is left to gain.
//! - **naive**: a `DashMap<[u8; 32], u64>`, all entries compared with `subtle`, none
//!   skipped. The other way to be constant in time.
//!
//! Few keys still pay for one page, therefore a column for each key and one for each slot.
//! Exits 1 when at 10 000 keys or more a miss takes over 3 times the read, or the naive way
//! is not 20 times slower.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

#[path = "support/rounds.rs"]
mod rounds;

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;

use dashmap::DashMap;
use keyward_core::cache::Cache;
use keyward_core::digest::KeyDigest;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use subtle::{Choice, ConstantTimeEq};

const SIZES: [u32; 6] = [5, 100, 1_000, 10_000, 100_000, 1_000_000];
/// The targets hold from here on; below, one page costs what it costs.
const MANY: u32 = 10_000;
const AT_MOST_READS: f64 = 3.0;
const AT_LEAST_FASTER: f64 = 20.0;

fn main() -> Result<(), Box<dyn Error>> {
    println!("ns              -- per key --   ------ per slot ------   per key");
    println!(
        "{:>9} {:>8} {:>7} {:>7}   {:>6} {:>7} {:>7}   {:>7}   {:>9} {:>10}",
        "keys", "slots", "miss", "hit", "miss", "hit", "read", "naive", "miss/read", "naive/miss"
    );
    let missed: Vec<String> = SIZES.into_iter().filter_map(|keys| measure(keys).err()).collect();
    if missed.is_empty() { Ok(()) } else { Err(missed.join("; ").into()) }
}

/// Prints one line of the table; the error says which target was missed.
fn measure(keys: u32) -> Result<(), String> {
    let mut rng = StdRng::seed_from_u64(keys.into());
    let digests: Vec<[u8; 32]> = (0..keys).map(|_| random(&mut rng)).collect();
    let absent = random(&mut rng);
    let cache = cache_of(&digests);
    let slots = cache.slots();
    let memory: Vec<u32> = (0..slots).map(|_| rng.next_u32()).collect();
    let naive: DashMap<[u8; 32], u64> = digests.iter().map(|digest| (*digest, 0)).collect();

    let mut present = digests.iter().cycle();
    let [miss, hit, read, naive] = rounds::medians([
        &mut || _ = black_box(cache.find(&KeyDigest::from(black_box(absent)))),
        &mut || _ = black_box(present.next().map(|digest| cache.find(&(*digest).into()))),
        &mut || _ = black_box(black_box(&memory).iter().fold(0, |all, word| all ^ word)),
        &mut || _ = black_box(find_naively(&naive, &black_box(absent))),
    ]);

    let (per_key, slots_f64) = (f64::from(keys), f64::from(u32::try_from(slots).unwrap_or(0)));
    let (reads, faster) = (miss / read, naive / miss);
    println!(
        "{keys:>9} {slots:>8} {:>7.2} {:>7.2}   {:>6.2} {:>7.2} {:>7.2}   {:>7.2}   {reads:>9.2} {faster:>10.1}",
        miss / per_key,
        hit / per_key,
        miss / slots_f64,
        hit / slots_f64,
        read / slots_f64,
        naive / per_key,
    );
    let missed = |text| Err(format!("{keys} keys: {text}"));
    if keys >= MANY && reads > AT_MOST_READS {
        return missed(format!("a miss takes {reads:.2} reads, at most {AT_MOST_READS} wanted"));
    }
    if keys >= MANY && faster < AT_LEAST_FASTER {
        return missed(format!("{faster:.1} times the naive way, {AT_LEAST_FASTER} wanted"));
    }
    Ok(())
}

fn cache_of(digests: &[[u8; 32]]) -> Cache<u64> {
    let cache = Cache::new([7; 32]);
    for (n, digest) in digests.iter().enumerate() {
        let inserted = cache.insert(&n.to_string().into(), ((*digest).into(), Arc::new(0)), None);
        assert!(inserted.is_ok(), "random digests differ");
    }
    cache
}

fn find_naively(map: &DashMap<[u8; 32], u64>, wanted: &[u8; 32]) -> bool {
    let found = map.iter().fold(Choice::from(0), |found, entry| {
        found | entry.key().as_slice().ct_eq(wanted.as_slice())
    });
    found.into()
}

fn random(rng: &mut StdRng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}
