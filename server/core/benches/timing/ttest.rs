//! Times of lookups of two kinds, compared by Welch's t-test, as dudect does it.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use keyward_core::digest::KeyDigest;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::subject::{self, KEYS};

/// Timed lookups of each comparison.
pub const SAMPLES: usize = 200_000;

const WARM_UP: usize = 2_000;

/// dudect's limits for |t|.
const POSSIBLY: f64 = 4.5;
const DEFINITELY: f64 = 10.0;

/// Percentages of the samples that are kept, the slow ones left out: interrupts and other
/// programs only ever make a lookup slower, and hide small differences.
const KEPT: [usize; 6] = [100, 99, 95, 90, 75, 50];

/// Times, prints and judges.
pub fn run(samples: usize) -> Result<(), Box<dyn Error>> {
    let cache = subject::cache(KEYS);
    let leaky = subject::leaky(KEYS);
    let [first, last, none] = [0, KEYS - 1, KEYS].map(subject::digest);
    let locate = |wanted: &KeyDigest| subject::measured_locate(&cache, wanted);
    let leave_early = |wanted: &KeyDigest| subject::measured_leaky(&leaky, wanted);

    println!(
        "Welch's t over {samples} lookups at {KEYS} keys, by the share kept (slow ones cropped)"
    );
    println!("{:<24} {}   worst", "", KEPT.map(|kept| format!("{kept:>6} %")).concat());
    let places = compare("first or last place", samples, &locate, [first, last]);
    let absent = compare("first place or none", samples, &locate, [first, none]);
    let control = compare("control, leaves early", samples, &leave_early, [first, last]);
    if control <= DEFINITELY {
        return Err("the control, which leaves early, was not caught: nothing was measured".into());
    }
    match places.max(absent) {
        t if t > DEFINITELY => Err(format!("|t| is {t:.1}: definitely not constant time").into()),
        t if t > POSSIBLY => {
            println!("|t| is {t:.1}: possibly not constant time; try more samples, or less noise");
            Ok(())
        }
        _ => {
            println!("no difference found");
            Ok(())
        }
    }
}

/// Prints a line; the largest |t|.
fn compare(
    what: &str,
    samples: usize,
    lookup: &dyn Fn(&KeyDigest) -> bool,
    classes: [KeyDigest; 2],
) -> f64 {
    let mut times = time(samples, lookup, classes);
    times.sort_unstable();
    let t = KEPT.map(|kept| welch(crop(&times, kept)));
    let worst = t.iter().fold(0.0, |worst: f64, t| worst.max(t.abs()));
    println!("{what:<24} {}   {worst:>5.1}", t.map(|t| format!("{t:>8.1}")).concat());
    worst
}

/// The fastest of the sorted `times`, `kept` percent and all that took as long as the last
/// of them: equal times are never split between the classes.
fn crop(times: &[(u32, bool)], kept: usize) -> &[(u32, bool)] {
    let limit = times[times.len() * kept / 100 - 1].0;
    &times[..times.partition_point(|time| time.0 <= limit)]
}

/// Nanoseconds and class of each lookup; the order of the classes is random.
fn time(
    samples: usize,
    lookup: &dyn Fn(&KeyDigest) -> bool,
    classes: [KeyDigest; 2],
) -> Vec<(u32, bool)> {
    let mut rng = StdRng::seed_from_u64(1);
    let mut times = Vec::with_capacity(samples + WARM_UP);
    // Drawn beforehand: a choice just before the clock is read, if the processor guesses it
    // wrong more often for one class, would look like a difference of the lookups.
    let draw = |_| {
        let second = rng.next_u32() & 1 == 1;
        (second, classes[usize::from(second)])
    };
    let inputs: Vec<(bool, KeyDigest)> = (0..samples + WARM_UP).map(draw).collect();
    for (second, wanted) in inputs {
        let start = Instant::now();
        black_box(lookup(black_box(&wanted)));
        let nanos = start.elapsed().as_nanos();
        times.push((u32::try_from(nanos).unwrap_or(u32::MAX), second));
    }
    times.split_off(WARM_UP)
}

/// Welch's t of the two classes.
fn welch(times: &[(u32, bool)]) -> f64 {
    let class = |second: bool| {
        let of_class = || times.iter().filter(move |time| time.1 == second).map(|time| time.0);
        let count = of_class().map(|_| 1.0).sum::<f64>();
        let mean = of_class().map(f64::from).sum::<f64>() / count;
        let squares = of_class().map(|nanos| (f64::from(nanos) - mean).powi(2)).sum::<f64>();
        (mean, squares / (count - 1.0) / count)
    };
    let ((a, error_a), (b, error_b)) = (class(false), class(true));
    (a - b) / (error_a + error_b).sqrt()
}
