//! Instructions of one lookup, counted by valgrind's callgrind.

use std::error::Error;
use std::process::{Command, Output};

use keyward_core::cache::FIRST_PAGE_SLOTS;

use crate::subject::{self, KEYS};

/// What this program is called with under valgrind.
pub const ONE: &str = "count-one";

const LOCATE: &str = "measured_locate";
const REFUSE: &str = "measured_refuse";
const LEAKY: &str = "measured_leaky";

const FAR: usize = usize::MAX;

/// What is looked for.
#[derive(Clone, Copy)]
enum Wanted {
    /// The key in this place; from the number of keys on, none.
    Key(usize),
    /// None, but one that begins like the key in this place.
    Twin(usize),
}

use Wanted::{Key, Twin};

/// How the keys are stored; the words are those of the command line.
const USUAL: &str = "usual";
const PORTABLE: &str = "portable";
const CROWDED: &str = "crowded";

/// The number of keys, and what is looked for.
type Case = (usize, Wanted);

/// Within a group, counts are equal.
const GROUPS: [(&str, &str, &[Case]); 6] = [
    (
        LOCATE,
        USUAL,
        &[(KEYS, Key(0)), (KEYS, Key(KEYS / 2)), (KEYS, Key(KEYS - 1)), (KEYS, Key(FAR))],
    ),
    (
        LOCATE,
        USUAL,
        &[
            (0, Key(FAR)),
            (5, Key(0)),
            (5, Key(4)),
            (5, Key(FAR)),
            (FIRST_PAGE_SLOTS, Key(FIRST_PAGE_SLOTS - 1)),
        ],
    ),
    (
        LOCATE,
        USUAL,
        &[
            (8_000, Key(0)),
            (8_000, Key(1_500)),
            (8_000, Key(4_000)),
            (8_000, Key(7_999)),
            (8_000, Key(FAR)),
        ],
    ),
    (
        LOCATE,
        PORTABLE,
        &[(KEYS, Key(0)), (KEYS, Key(KEYS / 2)), (KEYS, Key(KEYS - 1)), (KEYS, Key(FAR))],
    ),
    (
        LOCATE,
        CROWDED,
        &[
            (KEYS, Key(0)),
            (KEYS, Key(KEYS - 1)),
            (KEYS, Twin(0)),
            (KEYS, Twin(KEYS - 10)),
            (KEYS, Key(FAR)),
        ],
    ),
    // Nothing is found, whatever the digest begins like.
    (REFUSE, USUAL, &[(5, Key(FAR)), (5, Twin(0)), (5, Twin(4)), (5, Key(FAR - 1))]),
];

/// Counts, prints and judges.
pub fn run() -> Result<(), Box<dyn Error>> {
    require_valgrind()?;
    let mut leaks = Vec::new();
    for (function, store, cases) in GROUPS {
        if !equal(&counts(function, store, cases)?) {
            leaks.push(format!("{function}, {store}"));
        }
    }
    let control = [(KEYS, Key(0)), (KEYS, Key(KEYS - 1)), (KEYS, Key(FAR))];
    if equal(&counts(LEAKY, USUAL, &control)?) {
        return Err("the control, which leaves early, was not caught: nothing was measured".into());
    }
    if leaks.is_empty() {
        println!("equal everywhere but in the control, as it must be");
        Ok(())
    } else {
        Err(format!("the number of instructions differs: {}", leaks.join("; ")).into())
    }
}

/// Runs one lookup; valgrind counts while `function` runs.
pub fn one(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let [function, store, keys, wanted, place] = arguments else { return Err("five words".into()) };
    let (keys, place): (usize, usize) = (keys.parse()?, place.parse()?);
    let digest = if *wanted == "twin" { subject::twin(place) } else { subject::digest(place) };
    let cache = match *store {
        PORTABLE => subject::portable(keys),
        CROWDED => subject::crowded(keys),
        _ => subject::cache(keys),
    };
    // The first lookup leaves the allocator as every later one finds it.
    cache.find(&subject::digest(FAR));
    let (found, expected) = match *function {
        LOCATE => (subject::measured_locate(&cache, &digest), place < keys),
        REFUSE => (subject::measured_refuse(&cache, &digest), false),
        LEAKY => (subject::measured_leaky(&subject::leaky(keys), &digest), place < keys),
        _ => return Err("an unknown function".into()),
    };
    if found == expected { Ok(()) } else { Err("the lookup went wrong".into()) }
}

fn counts(function: &str, store: &str, cases: &[Case]) -> Result<Vec<u64>, Box<dyn Error>> {
    let mut counts = Vec::new();
    for (keys, wanted) in cases {
        let (word, place) = match *wanted {
            Key(place) => ("key", place),
            Twin(place) => ("twin", place),
        };
        let keys_text = keys.to_string();
        let count = count(function, &[function, store, &keys_text, word, &place.to_string()])?;
        let what = match wanted {
            Key(place) if place < keys => format!("the key in place {place}"),
            Key(_) => "no key".into(),
            Twin(place) => format!("one that begins like {place}"),
        };
        println!("{function:<16} {store:<9} {keys:>6} keys, {what:<26} {count:>8} instructions");
        counts.push(count);
    }
    Ok(counts)
}

fn count(function: &str, arguments: &[&str]) -> Result<u64, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(std::env::current_exe()?)
        .arg(ONE)
        .args(arguments)
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
