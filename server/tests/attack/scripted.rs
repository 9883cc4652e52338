//! Attacks that somebody thought of, each with its name and what is to come of it.

mod audit;
mod keys;
mod people;
mod values;
mod vault;

use crate::attempt::Outcome;
use crate::snapshot::{Row, Snapshot};
use crate::step::Plan;
use crate::store::Prepared;

/// What is to come of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It gains nothing and is reported.
    Reported,
    /// It gains nothing, and is one of the limits that are documented.
    Limit,
}

/// Steps, given the store and another one with another root key.
type Steps = fn(&Prepared, &Prepared) -> Plan;

#[derive(Clone, Copy)]
pub struct Attack {
    pub name: &'static str,
    pub steps: Steps,
    /// When it is made while the server runs, and while it does not.
    pub expect: [Expect; 2],
}

impl Expect {
    pub fn is_met_by(self, outcome: &Outcome) -> bool {
        match self {
            Self::Reported => matches!(outcome, Outcome::Reported(_)),
            Self::Limit => matches!(outcome, Outcome::Limit(_)),
        }
    }
}

/// All of them.
pub fn all() -> Vec<Attack> {
    let groups = [keys::ATTACKS, people::ATTACKS, values::ATTACKS, vault::ATTACKS, audit::ATTACKS];
    groups.concat()
}

const fn reported(name: &'static str, steps: Steps) -> Attack {
    Attack { name, steps, expect: [Expect::Reported; 2] }
}

const fn limit(name: &'static str, steps: Steps) -> Attack {
    Attack { name, steps, expect: [Expect::Limit; 2] }
}

/// A row with these literals, and `NULL` in the other columns.
fn row_of(now: &Snapshot, table: &str, columns: &[(&str, &str)]) -> Row {
    let table = now.table(table);
    table.with(&vec!["NULL".to_owned(); table.columns.len()], columns)
}

/// Raises the generation of the keys, so that a running server reads this key again.
pub fn followed(plan: Plan, now: &Snapshot, id: &str) -> Plan {
    let row = row_of(
        now,
        "key_changes",
        &[("n", "(SELECT n FROM generation WHERE id = 1)"), ("key_id", id), ("mark", "7")],
    );
    plan.sql("UPDATE generation SET n = n + 1 WHERE id = 1").insert(now, "key_changes", &row)
}
