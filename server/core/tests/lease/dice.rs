//! All chance of a schedule, from its seed.

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

pub struct Dice(StdRng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Once in `1 / chance` times.
    pub fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.0.random_bool(chance)
    }

    /// Both ends may come.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.random_range(least..=most)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }
}
