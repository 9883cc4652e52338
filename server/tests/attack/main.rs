//! Anyone who can write to the database, but does not have the root key, gains nothing by it.
//! Run: `make attack` (`RUNS=100` for fewer).
//!
//! A program with every right on the database attacks the server, on both databases, while it
//! runs and between two runs of it:
//!
//! 1. [`scripted`]: what somebody thought of, against the program itself.
//! 2. [`live`]: the database undoes what the server writes.
//! 3. [`cells`]: every column of every row of every table.
//! 4. [`random`]: combinations of steps by a seeded generator.
//!
//! After each, the [`oracle`] asks with everything that the attacker has whether that opens
//! more than was given, and the change must be [`reported`], unless it is within the [`limits`]
//! that are documented; and those must be just that, so that the list stays true.
//!
//! `SEED`, `DATABASE` (`sqlite`, `postgres`) and `ONLY` (a part of the name of an attack, or
//! `random`) choose what is run again.

#![expect(clippy::disallowed_macros, reason = "prints what was found")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the run")]

mod attempt;
mod cells;
mod http;
mod limits;
mod live;
mod oracle;
mod owner;
mod place;
mod random;
mod reported;
mod scripted;
mod server;
mod snapshot;
mod step;
mod store;

use std::process::ExitCode;

use futures_util::StreamExt;
use futures_util::stream::iter;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use attempt::{Manner, Moment, Outcome, attempt};
use oracle::{ATTACKER, OWNER, Oracle};
use place::Backend;
use server::{Form, Server};
use step::Plan;

/// Attacks that are under way at a time: most of the time of each is waiting.
const AT_ONCE: usize = 4;

/// With fewer random combinations, a quarter of the scripted attacks and of the columns is made on each
/// database, each at one of its moments, and one row of each column is enough.
const ALL: u32 = 2_000;

/// Which of the attacks are made on a database: all, or a quarter that is another one each time.
#[derive(Clone, Copy)]
struct Part {
    is_whole: bool,
    first: usize,
}

impl Part {
    /// Both databases draw the same number, so that none of the attacks is made on both.
    fn draw(backend: Backend, only: Option<&str>, runs: u32, rng: &mut StdRng) -> Self {
        let first = rng.random_range(0..4) + backend as usize;
        Self { is_whole: runs >= ALL || only.is_some(), first: first % 4 }
    }

    /// Whether the attack with this number is one of them.
    fn has(self, n: usize) -> bool {
        self.is_whole || n % 4 == self.first
    }
}

#[derive(Default)]
struct Tally {
    attacks: u32,
    random: u32,
    broken: u32,
}

impl Tally {
    fn live(&mut self, name: &str, outcome: &Outcome) {
        let is_good = !matches!(outcome, Outcome::Broken(_));
        self.attacks += 1;
        self.broken += u32::from(!is_good);
        let mark = if is_good { "ok" } else { "FAILED" };
        println!("  {mark:6} Running: {name}: {outcome}");
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let runs = variable("RUNS").map_or(ALL, |runs| runs.parse().unwrap());
    let seed = variable("SEED").map_or_else(rand::random, |seed| seed.parse().unwrap());
    println!("SEED={seed}");
    let (database, only) = (variable("DATABASE"), variable("ONLY"));
    let mut tally = Tally::default();
    for (name, backend) in [("sqlite", Backend::Sqlite), ("postgres", Backend::Postgres)] {
        if database.as_ref().is_none_or(|wanted| wanted == name) {
            let rng = StdRng::seed_from_u64(seed);
            attack(backend, runs, only.as_deref(), rng, &mut tally).await;
        }
    }
    let Tally { attacks, random, broken } = tally;
    if runs < ALL {
        println!("A part of the attacks, by the seed; `make attack` makes all of them.");
    }
    println!("{attacks} attacks, {random} random, {broken} broken");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn attack(
    backend: Backend,
    runs: u32,
    only: Option<&str>,
    mut rng: StdRng,
    tally: &mut Tally,
) {
    println!("{backend:?}:");
    let part = Part::draw(backend, only, runs, &mut rng);
    let store = store::prepare(backend, OWNER).await;
    let foreign = store::prepare(backend, ATTACKER).await;
    let oracle = baseline(&store, &foreign).await;
    try_scripted(&oracle, part, only, runs, &mut rng, tally).await;
    try_live(&oracle, only, tally).await;
    try_cells(&oracle, part, only, runs, &mut rng, tally).await;
    if only.is_none_or(|only| only == "random") {
        try_random(&oracle, runs, &mut rng, tally).await;
    }
    store.place.remove().await;
    foreign.place.remove().await;
}

/// An oracle that knows what everybody gets as long as nothing is changed.
async fn baseline<'a>(store: &'a store::Prepared, foreign: &'a store::Prepared) -> Oracle<'a> {
    let mut oracle = Oracle::new(store, foreign);
    let place = store.place.copy().await;
    let server = Server::start(Form::InProcess, &place, &store.root).await.unwrap();
    let mut wrong = Vec::new();
    oracle.baseline = oracle.ask_all(server.address(), true, &mut wrong).await;
    wrong.extend(oracle.judge(server.address(), true).await);
    assert!(wrong.is_empty(), "on the store as it was: {wrong:#?}");
    let given = oracle.baseline.values().filter(|(is_given, _)| *is_given).count();
    assert!(given > 5, "what was given is not accepted: {:#?}", oracle.baseline);
    server.stop().await;
    place.remove().await;
    oracle
}

async fn try_scripted(
    oracle: &Oracle<'_>,
    part: Part,
    only: Option<&str>,
    runs: u32,
    rng: &mut StdRng,
    tally: &mut Tally,
) {
    // Drawn for each of them, so that one that is run again has the moment that it had.
    let attacks = scripted::all().into_iter().map(|attack| {
        let both = [Moment::Running, Moment::Stopped];
        let one = both[rng.random_range(0..2)];
        (attack, if runs >= ALL { both.to_vec() } else { vec![one] })
    });
    let attacks: Vec<_> = attacks.collect();
    let attacks = attacks.into_iter().enumerate();
    let attacks = attacks.filter(|(n, (it, _))| part.has(*n) && is_wanted(only, it.name));
    let attacks = attacks
        .flat_map(|(_, (attack, moments))| moments.into_iter().map(move |moment| (attack, moment)));
    let attempts = iter(attacks).map(async |(attack, moment)| {
        let plan = (attack.steps)(oracle.store, oracle.foreign);
        let manner = Manner { form: Form::Program, moment, whole: true, owner_works: true };
        (attack, moment, attempt(oracle, &plan, manner).await)
    });
    let mut outcomes = Box::pin(attempts.buffered(AT_ONCE));
    while let Some((attack, moment, outcome)) = outcomes.next().await {
        let expected = attack.expect[moment as usize];
        let is_good = expected.is_met_by(&outcome);
        tally.attacks += 1;
        tally.broken += u32::from(!is_good);
        let mark = if is_good { "ok" } else { "FAILED" };
        println!("  {mark:6} {:?}: {}: {outcome}", moment, attack.name);
        if !is_good && !matches!(outcome, Outcome::Broken(_)) {
            println!("      expected: {expected:?}");
        }
    }
}

async fn try_live(oracle: &Oracle<'_>, only: Option<&str>, tally: &mut Tally) {
    for attack in live::ATTACKS.into_iter().filter(|attack| is_wanted(only, attack.name)) {
        tally.live(attack.name, &live::attempt(oracle, attack).await);
    }
    let idle = "an idle session is said to have been used";
    if is_wanted(only, idle) {
        tally.live(idle, &live::revive_idle_session(oracle).await);
    }
}

async fn try_cells(
    oracle: &Oracle<'_>,
    part: Part,
    only: Option<&str>,
    runs: u32,
    rng: &mut StdRng,
    tally: &mut Tally,
) {
    let now = &oracle.store.now;
    let cells = if runs >= ALL { cells::all(now) } else { cells::some(now, rng) };
    let cells = cells.into_iter().map(|cell| (rng.random(), cell));
    let cells = cells.enumerate().filter(|(n, _)| part.has(*n)).map(|(_, cell)| cell);
    let cells =
        cells.filter(|(_, cell)| is_wanted(only, &format!("{}.{}", cell.table, cell.column)));
    let cells: Vec<_> = cells.collect();
    let attempts = iter(&cells).map(async |(owner_works, cell)| {
        let (form, moment) = (Form::InProcess, Moment::Running);
        let manner = Manner { form, moment, whole: false, owner_works: *owner_works };
        (cell, attempt(oracle, &cell.plan, manner).await)
    });
    let mut outcomes = Box::pin(attempts.buffered(AT_ONCE));
    let (mut number, mut nothing) = (0, 0);
    while let Some((cell, outcome)) = outcomes.next().await {
        let is_free = limits::free(&cell.table, &cell.column).is_some();
        let is_good = match outcome {
            Outcome::Broken(_) => false,
            // What decides nothing and is reported all the same is no limit.
            Outcome::Reported(_) => !is_free,
            Outcome::Limit(_) | Outcome::Nothing => true,
        };
        number += 1;
        nothing += u32::from(matches!(outcome, Outcome::Nothing));
        tally.broken += u32::from(!is_good);
        if !is_good {
            println!("  FAILED {}.{}: {outcome}\n{}", cell.table, cell.column, cell.plan);
        }
    }
    tally.attacks += number;
    println!("  {number} changes of one column, of which the database refused {nothing}");
}

async fn try_random(oracle: &Oracle<'_>, runs: u32, rng: &mut StdRng, tally: &mut Tally) {
    let draw = |n: u32| -> (u32, Plan, Manner) {
        let moment = if rng.random() { Moment::Running } else { Moment::Stopped };
        // The program itself for a sample.
        let form = if n.is_multiple_of(20) { Form::Program } else { Form::InProcess };
        let plan = random::plan(rng, oracle.store, oracle.foreign);
        (n, plan, Manner { form, moment, whole: false, owner_works: rng.random() })
    };
    let plans: Vec<_> = (1..=runs).map(draw).collect();
    let attempts = iter(&plans)
        .map(async |(n, plan, manner)| (n, plan, manner, attempt(oracle, plan, *manner).await));
    let mut outcomes = Box::pin(attempts.buffered(AT_ONCE));
    let [mut reported, mut limits, mut nothing] = [0; 3];
    while let Some((n, plan, manner, outcome)) = outcomes.next().await {
        tally.random += 1;
        match outcome {
            Outcome::Reported(_) => reported += 1,
            Outcome::Limit(_) => limits += 1,
            Outcome::Nothing => nothing += 1,
            Outcome::Broken(_) => {
                tally.broken += 1;
                println!("  FAILED random {n}, {manner:?}: {outcome}\n{plan}");
            }
        }
    }
    println!(
        "  {runs} random: {reported} reported, {limits} within the limits, {nothing} without effect"
    );
}

fn is_wanted(only: Option<&str>, name: &str) -> bool {
    only.is_none_or(|part| name.contains(part))
}
