//! What may happen in a schedule. Each kind of fault is in about half of the schedules, so that
//! some have one kind only; one schedule of ten has none. Four of ten are about one thing, which
//! would else happen too rarely.

use std::time::Duration;

use keyward_core::lease::Terms;

use crate::dice::Dice;

/// Microseconds, as all times of the simulation.
pub const MILLI: u64 = 1_000;
pub const SECOND: u64 = 1_000_000;

#[expect(clippy::struct_excessive_bools, reason = "each is a condition of its own")]
pub struct Plan {
    pub terms: Terms,
    pub servers: usize,
    /// One way to the store takes at most so long, when nothing is wrong.
    pub hop: u64,
    /// The longest load of all keys.
    pub load: u64,
    pub has_faults: bool,
    /// Of each way to or from the store.
    pub slow: f64,
    pub lost: f64,
    pub notification_lost: f64,
    pub notification_doubled: f64,
    /// Of each statement that reads before it writes: that it does so slowly.
    pub split: f64,
    /// Of each step of a server.
    pub crash: f64,
    /// Of each revocation that is committed: something happens at once.
    pub struck: f64,
    /// Of each renewal: a revocation is asked for at once, and perhaps its server is cut off.
    pub aimed: f64,
    /// The kinds that come at random times.
    pub kinds: Vec<Kind>,
    pub faults: u64,
    pub longest_pause: u64,
    pub late_joiners: bool,
    pub drift: bool,
    /// Revocations come four at a time.
    pub in_bursts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Pause,
    Crash,
    Cut,
    StoreAway,
    WallClock,
    FailOver,
    Prune,
    Leave,
}

const KINDS: [Kind; 8] = [
    Kind::Pause,
    Kind::Crash,
    Kind::Cut,
    Kind::StoreAway,
    Kind::WallClock,
    Kind::FailOver,
    Kind::Prune,
    Kind::Leave,
];

impl Plan {
    pub fn new(dice: &mut Dice) -> Self {
        let terms = terms(dice);
        let has_faults = !dice.happens(0.1);
        let mut sometimes =
            |chance: f64, or: f64| if has_faults && dice.happens(chance) { or } else { 0.0 };
        let slow = sometimes(0.5, 0.02);
        let lost = sometimes(0.4, 0.02);
        let notification_lost = sometimes(0.5, 0.5);
        let notification_doubled = sometimes(0.5, 0.3);
        let split = sometimes(0.5, 0.3);
        let crash = sometimes(0.2, 0.0005);
        let struck = sometimes(0.7, 0.4);
        let aimed = sometimes(0.25, 0.1) + sometimes(0.3, 0.02);
        let late_joiners = sometimes(0.4, 1.0) > 0.0;
        let drift = sometimes(0.7, 1.0) > 0.0;
        let mut kinds: Vec<Kind> = KINDS.into_iter().filter(|_| dice.happens(0.4)).collect();
        if !has_faults {
            kinds.clear();
        }
        let wait = micros(terms.wait());
        let longest_pause =
            if dice.happens(0.1) { 60 * SECOND } else { (3 * wait).min(60 * SECOND) };
        let plan = Self {
            servers: usize::try_from(dice.between(2, 5)).unwrap_or(2),
            hop: dice.one_of(&[300, 2 * MILLI, 20 * MILLI]),
            load: dice.one_of(&[5 * MILLI, 500 * MILLI, 8 * SECOND]),
            faults: if kinds.is_empty() { 0 } else { dice.between(1, 10) },
            terms,
            has_faults,
            slow,
            lost,
            notification_lost,
            notification_doubled,
            split,
            crash,
            struck,
            aimed,
            kinds,
            longest_pause,
            late_joiners,
            drift,
            in_bursts: has_faults && dice.happens(0.1),
        };
        match dice.below(10) {
            n if 3 < n || !has_faults => plan,
            0 => plan.about_clocks(dice),
            1 => plan.about_statements(dice),
            2 => plan.about_rows(dice),
            _ => plan.about_waking(dice),
        }
    }

    /// Little happens but that servers are cut off at the worst moment, and their clocks differ:
    /// whether the margin is enough.
    fn about_clocks(self, dice: &mut Dice) -> Self {
        Self {
            terms: only_terms(dice.one_of(&[2_000, 5_000]), dice.one_of(&[0, 0, 20_000])),
            hop: dice.one_of(&[300, 2 * MILLI]),
            notification_lost: 0.5,
            struck: 0.0,
            aimed: dice.one_of(&[0.03, 0.1]),
            kinds: vec![Kind::Cut],
            faults: 0,
            drift: true,
            ..self.without_chance()
        }
    }

    /// Statements read long before they write, and members are fenced.
    fn about_statements(self, dice: &mut Dice) -> Self {
        Self {
            terms: only_terms(dice.one_of(&[1_000, 2_000]), 0),
            notification_lost: 0.5,
            split: 0.5,
            struck: 0.0,
            aimed: dice.one_of(&[0.03, 0.1]),
            kinds: vec![Kind::Cut, Kind::Crash],
            faults: 10,
            late_joiners: true,
            ..self.without_chance()
        }
    }

    /// Rows come and go, and failovers lose them.
    fn about_rows(self, dice: &mut Dice) -> Self {
        Self {
            struck: 0.0,
            aimed: dice.one_of(&[0.03, 0.1]),
            kinds: vec![Kind::FailOver, Kind::Leave, Kind::Crash],
            faults: 10,
            late_joiners: true,
            ..self.without_chance()
        }
    }

    /// Revokers sleep while the store fails over, and wake up in another history.
    fn about_waking(self, dice: &mut Dice) -> Self {
        Self {
            terms: only_terms(1_000, 0),
            servers: dice.one_of(&[3, 4]),
            notification_lost: 0.6,
            struck: 0.2,
            aimed: 0.03,
            kinds: vec![Kind::FailOver, Kind::Pause],
            longest_pause: 6 * SECOND,
            in_bursts: true,
            ..self.without_chance()
        }
    }

    /// Until when there are faults and random changes.
    pub fn busy(&self) -> u64 {
        8 * SECOND + 2 * micros(self.terms.wait())
    }

    fn without_chance(self) -> Self {
        Self { slow: 0.0, lost: 0.0, split: 0.0, crash: 0.0, ..self }
    }
}

fn terms(dice: &mut Dice) -> Terms {
    let lease = dice.one_of(&[1_000, 1_000, 2_000, 5_000]);
    let alone = dice.one_of(&[0, 0, 0, 1_500, 20_000]);
    only_terms(lease, alone)
}

/// In milliseconds.
fn only_terms(lease: u64, alone: u64) -> Terms {
    Terms::new(Duration::from_millis(lease), Duration::from_millis(alone)).unwrap_or_default()
}

pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
