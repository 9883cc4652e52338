//! Every column of every row of every table, changed in each of a few ways.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;

use crate::snapshot::{Column, Kind, Row, Snapshot, Table};
use crate::step::Plan;

/// One change of one column of one row.
pub struct Cell {
    pub table: String,
    pub column: String,
    pub plan: Plan,
}

/// All of them.
pub fn all(now: &Snapshot) -> Vec<Cell> {
    let mut cells = Vec::new();
    for table in now.tables.values() {
        for row in table.rows.values() {
            for (n, column) in table.columns.iter().enumerate() {
                for literal in others(now, table, row, n) {
                    let plan = Plan::new().set(now, &table.name, row, &[(&column.name, &literal)]);
                    let (table, column) = (table.name.clone(), column.name.clone());
                    cells.push(Cell { table, column, plan });
                }
            }
        }
    }
    cells
}

/// One of each column of each table.
pub fn some(now: &Snapshot, rng: &mut StdRng) -> Vec<Cell> {
    let mut by_column: BTreeMap<_, Vec<Cell>> = BTreeMap::new();
    for cell in all(now) {
        by_column.entry((cell.table.clone(), cell.column.clone())).or_default().push(cell);
    }
    by_column.into_values().filter_map(|cells| cells.into_iter().choose(rng)).collect()
}

/// What might stand there instead.
pub fn others(now: &Snapshot, table: &Table, row: &Row, n: usize) -> Vec<String> {
    let (column, literal) = (&table.columns[n], row[n].as_str());
    let elsewhere = table.rows.values().map(|other| &other[n]).find(|other| *other != literal);
    let mut found = vec![changed(now, column, literal)];
    found.extend(elsewhere.cloned());
    if column.is_nullable {
        found.push("NULL".to_owned());
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|other| other != literal);
    found
}

/// Another value of this kind, as near as possible.
fn changed(now: &Snapshot, column: &Column, literal: &str) -> String {
    match column.kind {
        Kind::Time => "'2031-01-01 00:00:00+00:00'".to_owned(),
        Kind::Number => {
            let number: i64 = literal.trim_matches('\'').parse().unwrap_or(0);
            format!("{}", number + 1)
        }
        Kind::Flag => match literal.trim_matches('\'') {
            "0" => "1",
            "1" => "0",
            "false" => "'true'",
            _ => "'false'",
        }
        .to_owned(),
        Kind::Bytes if literal == "NULL" => now.bytes(&[7; 32]),
        Kind::Text if literal == "NULL" => "'x'".to_owned(),
        Kind::Bytes | Kind::Text => {
            let inner = literal.strip_suffix('\'').expect("a quoted literal");
            let other = if inner.ends_with('0') { '1' } else { '0' };
            let mut inner = inner.to_owned();
            // An empty one has nothing to change.
            if !inner.ends_with(['\'', 'x']) {
                inner.pop();
            }
            format!("{inner}{other}'")
        }
    }
}
