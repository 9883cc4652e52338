//! Rounds that take turns, so that a busy moment of the machine hits all candidates alike.

use std::time::{Duration, Instant};

/// A part of a round lasts about this long, or one call when that is longer.
const PART: Duration = Duration::from_millis(4);

const ROUNDS: usize = 15;

/// Nanoseconds of one call of each candidate: medians over rounds in which each had a turn.
pub fn medians<const N: usize>(mut candidates: [&mut dyn FnMut(); N]) -> [f64; N] {
    let calls = candidates.each_mut().map(|run| calls_in_a_part(*run));
    let mut samples = [(); N].map(|()| Vec::with_capacity(ROUNDS));
    for _ in 0..ROUNDS {
        for ((run, calls), samples) in candidates.iter_mut().zip(calls).zip(&mut samples) {
            samples.push(time(*run, calls));
        }
    }
    samples.map(|mut samples| {
        samples.sort_unstable_by(f64::total_cmp);
        samples[ROUNDS / 2]
    })
}

/// Doubles the calls until they fill a part; also warms caches and branch predictors.
fn calls_in_a_part(run: &mut dyn FnMut()) -> u32 {
    let wanted = PART.as_secs_f64() * 1e9;
    let mut calls = 1;
    while time(run, calls) * f64::from(calls) < wanted {
        calls *= 2;
    }
    calls
}

fn time(run: &mut dyn FnMut(), calls: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..calls {
        run();
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(calls)
}
