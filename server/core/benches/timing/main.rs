//! Whether the time of a lookup reveals anything. Run: `cargo bench --bench timing`.
//!
//! - `cargo bench --bench timing -- count` counts the instructions of one lookup under
//!   valgrind, for a match in the first, a middle and the last place and for none. The
//!   counts must be equal. They repeat exactly, so CI runs this.
//! - `cargo bench --bench timing -- test` times lookups of two kinds in random order and
//!   asks Welch's t-test whether they differ (dudect: Reparaz, Balasch and Verbauwhede,
//!   "Dude, is my code constant time?", DATE 2017). It also sees what no count shows, and
//!   needs a quiet machine.
//!
//! Both also measure a search that leaves early, and fail unless they catch it. Without an
//! argument both run. Exit code 1: the time reveals something, or the measurement is broken.

#![expect(clippy::disallowed_macros, reason = "prints what was measured")]

mod count;
mod subject;
mod ttest;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["count"] => count::run(),
        ["test"] => ttest::run(ttest::SAMPLES),
        ["test", samples] => ttest::run(samples.parse()?),
        [count::ONE, ref rest @ ..] => count::one(rest),
        [] => count::run().and_then(|()| ttest::run(ttest::SAMPLES)),
        _ => Err("expected: count, or test [SAMPLES]".into()),
    }
}
