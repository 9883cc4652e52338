//! Combinations of one to four steps, drawn at random: what nobody thought of.

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use rand::{Rng, RngExt};

use crate::cells::others;
use crate::scripted::{self, followed};
use crate::snapshot::{Row, Snapshot, Table};
use crate::step::Plan;
use crate::store::Prepared;

/// The next combination.
pub fn plan(rng: &mut StdRng, store: &Prepared, foreign: &Prepared) -> Plan {
    let steps = rng.random_range(1..=4);
    let plan = (0..steps).fold(Plan::new(), |plan, _| plan.then(step(rng, store, foreign)));
    // So that a running server reads a key again; or it is left to the start.
    if rng.random() {
        let keys = store.now.table("settings");
        let id = keys.get(pick(rng, keys), "id");
        return followed(plan, &store.now, id);
    }
    plan
}

fn step(rng: &mut StdRng, store: &Prepared, foreign: &Prepared) -> Plan {
    let now = &store.now;
    let then = if rng.random() { &store.first } else { &store.rotated };
    let table = table(rng, now);
    let name = table.name.as_str();
    match rng.random_range(0..10) {
        0 | 1 => one_column(rng, now, table),
        2 => columns_of(rng, now, table, table),
        3 => columns_of(rng, now, then.table(name), table),
        4 => columns_of(rng, now, foreign.now.table(name), table),
        5 => put(rng, now, then.table(name)),
        6 => put(rng, now, foreign.now.table(name)),
        7 => Plan::new().delete(now, name, pick(rng, table)),
        8 => Plan::new().put_back(then, name),
        _ => (scripted::all().into_iter().choose(rng).unwrap().steps)(store, foreign),
    }
}

/// A table with rows; the long log not more often than others.
fn table<'a>(rng: &mut impl Rng, now: &'a Snapshot) -> &'a Table {
    let decides = |table: &&Table| !table.rows.is_empty() && table.name != "seaql_migrations";
    now.tables.values().filter(decides).choose(rng).unwrap()
}

fn pick<'a>(rng: &mut impl Rng, table: &'a Table) -> &'a Row {
    table.rows.values().choose(rng).unwrap()
}

fn one_column(rng: &mut StdRng, now: &Snapshot, table: &Table) -> Plan {
    let row = pick(rng, table);
    let n = rng.random_range(0..table.columns.len());
    let literal = others(now, table, row, n).into_iter().choose(rng);
    let columns = literal.iter().map(|literal| (table.columns[n].name.as_str(), literal.as_str()));
    Plan::new().set(now, &table.name, row, &columns.collect::<Vec<_>>())
}

/// Some columns of one row are copied into another.
fn columns_of(rng: &mut StdRng, now: &Snapshot, from: &Table, to: &Table) -> Plan {
    let (Some(other), row) = (from.rows.values().choose(rng), pick(rng, to)) else {
        return Plan::new();
    };
    let number = rng.random_range(1..=3);
    let columns = from.columns.iter().zip(other).sample(rng, number);
    let columns: Vec<_> =
        columns.iter().map(|(column, literal)| (column.name.as_str(), literal.as_str())).collect();
    Plan::new().set(now, &to.name, row, &columns)
}

/// A row as it was, or as it is elsewhere; perhaps under another id.
fn put(rng: &mut StdRng, now: &Snapshot, from: &Table) -> Plan {
    let Some(row) = from.rows.values().choose(rng) else { return Plan::new() };
    let key = from.key_column();
    let is_text =
        row[key].starts_with('\'') && !row[key][1..].starts_with(|c: char| c.is_ascii_digit());
    if is_text && rng.random_range(0..3) == 0 {
        let row = from.with(row, &[(from.key(), "'another'")]);
        return Plan::new().put(now, &from.name, &row);
    }
    Plan::new().put(now, &from.name, row)
}
