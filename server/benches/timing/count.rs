//! Instructions of one lookup, counted by valgrind's callgrind.

use std::error::Error;
use std::process::{Command, Output};

use keyward::keys::cache::FIRST_PAGE_SLOTS;

use crate::subject::{self, KEYS};

/// What this program is called with under valgrind.
pub const ONE: &str = "count-one";

const LOCATE: &str = "measured_locate";
const LEAKY: &str = "measured_leaky";

const FAR: usize = usize::MAX;

/// Within a group, counts are equal. A case is the number of keys and the place to look for;
/// a place from that number on is absent.
const GROUPS: [(&str, &[(usize, usize)]); 3] = [
    ("3 pages", &[(KEYS, 0), (KEYS, KEYS / 2), (KEYS, KEYS - 1), (KEYS, FAR)]),
    ("1 page", &[(0, FAR), (5, 0), (5, 4), (5, FAR), (FIRST_PAGE_SLOTS, FIRST_PAGE_SLOTS - 1)]),
    ("8 pages", &[(8_000, 0), (8_000, 1_500), (8_000, 4_000), (8_000, 7_999), (8_000, FAR)]),
];

/// Counts, prints and judges.
pub fn run() -> Result<(), Box<dyn Error>> {
    require_valgrind()?;
    let mut leaks = Vec::new();
    for (name, cases) in GROUPS {
        let counts = counts(LOCATE, cases)?;
        if !equal(&counts) {
            leaks.push(name);
        }
    }
    let control = counts(LEAKY, &[(KEYS, 0), (KEYS, KEYS - 1), (KEYS, FAR)])?;
    if equal(&control) {
        return Err("the control, which leaves early, was not caught: nothing was measured".into());
    }
    if leaks.is_empty() {
        println!("equal everywhere but in the control, as it must be");
        Ok(())
    } else {
        Err(format!("the number of instructions tells the place: {}", leaks.join(", ")).into())
    }
}

/// Runs one lookup; valgrind counts while `function` runs.
pub fn one(function: &str, keys: usize, place: usize) -> Result<(), Box<dyn Error>> {
    let wanted = subject::digest(place);
    let found = match function {
        LOCATE => {
            let cache = subject::cache(keys);
            // The first lookup leaves the allocator as every later one finds it.
            cache.locate(&subject::digest(FAR));
            subject::measured_locate(&cache, &wanted)
        }
        LEAKY => subject::measured_leaky(&subject::leaky(keys), &wanted),
        _ => return Err("an unknown function".into()),
    };
    if found == (place < keys) { Ok(()) } else { Err("the lookup went wrong".into()) }
}

fn counts(function: &str, cases: &[(usize, usize)]) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut counts = Vec::new();
    for (keys, place) in cases {
        let count = count(function, *keys, *place)?;
        let place =
            if place < keys { format!("match in place {place}") } else { "no match".into() };
        println!("{function:<16} {keys:>6} keys, {place:<20} {count:>8} instructions");
        counts.push(count);
    }
    Ok(counts)
}

fn count(function: &str, keys: usize, place: usize) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(std::env::current_exe()?)
        .args([ONE, function, &keys.to_string(), &place.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let count = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match count {
        // Zero: the function was not found, so nothing was counted.
        Some(count) if count > 0 && output.status.success() => Ok(count),
        _ => Err(format!("valgrind gave no count:\n{text}").into()),
    }
}

fn equal(counts: &[u64]) -> bool {
    counts.windows(2).all(|pair| pair[0] == pair[1])
}

fn require_valgrind() -> Result<(), Box<dyn Error>> {
    let found = Command::new("valgrind").arg("--version").output();
    if found.is_ok_and(|Output { status, .. }| status.success()) {
        return Ok(());
    }
    Err("valgrind is missing; install it with: apt-get install valgrind".into())
}
