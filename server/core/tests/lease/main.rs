//! The leases of `keyward_core::lease` under faults: servers, one store, callers, and operators
//! who revoke keys, in simulated time.
//!
//! The simulator is our own. `stateright` explores every state of a small model, and has no
//! durations, which are what leases are made of. `turmoil` runs tokio and sockets: a crate more
//! of which the rules know nothing, at a fraction of the schedules a second. Here a schedule is a
//! seed, and takes about two milliseconds.
//!
//! - `SCHEDULES=100000 cargo test -p keyward-core --test lease no_server` runs so many schedules,
//!   `FIRST=5` from that seed on.
//! - `SEED=5 cargo test ..` runs one, and prints what happens.
//!
//! What must hold: `oracle`. Which faults there are: `plan`. That the simulation finds what is
//! wrong is tested as well: each `Variant` breaks one rule, and is caught.

mod aim;
mod dice;
mod event;
mod network;
mod oracle;
mod plan;
mod revoker;
mod schedule;
mod server;
mod store;
mod variant;
mod verify;
mod world;

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use event::Stats;
use oracle::{Kind, Violation};
use variant::Variant;
use world::World;

const SCHEDULES: u64 = 6_000;
/// In so many a broken variant is caught; most are in far fewer.
const CAUGHT_WITHIN: u64 = 20_000;
/// Of the trace of a schedule that failed.
const LINES: usize = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs the schedules on all processors until one violates what must hold.
fn search(seeds: Range<u64>, variant: Variant) -> (Stats, Option<(u64, Violation)>) {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new((Stats::default(), None));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let mut stats = Stats::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seeds.end <= seed {
                break;
            }
            let mut world = World::new(seed, variant, false);
            world.run();
            stats += world.stats;
            if let Some(violation) = world.violation {
                next.store(seeds.end, Ordering::Relaxed);
                found.lock().unwrap_or_else(PoisonError::into_inner).1 = Some((seed, violation));
            }
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).0 += stats;
    };
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// The schedule once more, with what happens.
fn trace(seed: u64, variant: Variant) -> (String, Option<Violation>) {
    let mut world = World::new(seed, variant, true);
    world.run();
    let lines = world.trace.unwrap_or_default();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    (last.join("\n"), world.violation)
}

#[test]
fn no_server_accepts_a_key_after_the_answer_to_its_revocation() {
    let (seed, stats) = if let Some(seed) = number("SEED") {
        (Some(seed), Stats::default())
    } else {
        let first = number("FIRST").unwrap_or(0);
        let end = first + number("SCHEDULES").unwrap_or(SCHEDULES);
        let (stats, violation) = search(first..end, Variant::Right);
        (violation.map(|(seed, _)| seed), stats)
    };
    let Some(seed) = seed else {
        // Otherwise nothing was tested.
        assert!(stats.accepted.min(stats.answers).min(stats.failovers) > 0, "{stats:?}");
        assert!(stats.waited_out.min(stats.refused) > 0 || stats.schedules < 1_000, "{stats:?}");
        return;
    };
    let (trace, violation) = trace(seed, Variant::Right);
    assert!(violation.is_none() && number("SEED").is_none(), "{trace}\nSEED={seed}: {violation:?}");
}

fn is_caught(variant: Variant, kind: Kind) {
    let (stats, violation) = search(0..CAUGHT_WITHIN, variant);
    let Some((seed, violation)) = violation else {
        panic!("{variant:?} is not caught: {stats:?}");
    };
    assert_eq!(violation.kind, kind, "seed {seed}: {}", violation.what);
}

macro_rules! caught {
    ($($name:ident: $variant:ident, $kind:ident;)*) => {
        $(#[test]
        fn $name() {
            is_caught(Variant::$variant, Kind::$kind);
        })*
    };
}

caught! {
    leases_by_the_wall_clock_are_caught: WallClock, Accepted;
    acknowledgement_by_absence_is_caught: AbsenceAcknowledges, Accepted;
    fencing_by_age_is_caught: FencedByAge, Accepted;
    leases_without_a_margin_are_caught: NoMargin, Accepted;
    a_margin_of_the_lease_alone_is_caught: MarginWithoutAlone, Accepted;
    a_clock_read_before_the_lookup_is_caught: ClockBeforeLookup, Accepted;
    a_permit_taken_after_the_lookup_is_caught: PermitAfterLookup, Accepted;
    a_lease_before_its_changes_are_applied_is_caught: GrantedBeforeApplied, Accepted;
    a_lease_that_counts_from_the_answer_is_caught: CountedFromAnswer, Accepted;
    a_granted_that_goes_down_is_caught: GrantedGoesDown, Accepted;
    fencing_for_a_lost_change_is_caught: FencedForLostChange, Accepted;
    generations_without_marks_are_caught: NoMarks, Accepted;
    absence_after_a_failover_is_caught: AbsenceAfterFailover, Accepted;
    joining_by_the_first_renewal_is_caught: JoinedByRenewal, Accepted;
    an_answer_at_once_for_a_key_revoked_already_is_caught: AlreadyRevokedAtOnce, Accepted;
    success_for_an_unknown_outcome_is_caught: UnknownIsSuccess, Accepted;
    a_store_without_watermarks_is_caught: NoWatermark, Accepted;
    rows_that_are_never_deleted_are_caught: NeverFenced, Late;
}
