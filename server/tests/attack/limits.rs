//! What a writer of the database may do without a report, each with the reason why. All
//! else must be reported; and what is here must not be, so that no line outlives its reason.

use crate::snapshot::{Difference, Row, Snapshot, Table};
use crate::store::Prepared;

/// Columns that decide nothing: people are shown them.
const FREE: [(&str, &str, &str); 11] = [
    ("settings", "last_used_address", "written behind with the time, and shown"),
    ("settings", "last_used_at", "written behind, up to five seconds late, and shown"),
    ("settings", "former_last_used_at", "the same of a key that was replaced"),
    ("users", "last_sign_in_at", "shown"),
    ("secrets", "description", "shown"),
    ("secrets", "created_by", "shown"),
    ("secrets", "created_at", "shown"),
    ("secrets", "updated_at", "shown"),
    ("encryption_keys", "created_by", "shown"),
    ("encryption_keys", "created_at", "shown"),
    ("encryption_keys", "retired_at", "shown"),
];

/// Tables of which rows may be deleted, or an earlier one put back under the same data key.
const VALUES: [&str; 3] = ["secrets", "provider_credentials", "model_credentials"];

/// Tables that decide nothing by themselves.
const HINTS: [(&str, &str); 5] = [
    ("key_changes", "says which keys to read again; what is missed by it does not add up"),
    ("replicas", "when a revocation is answered; leases end without them as well"),
    ("lease_terms", "how long leases are; each server knows its own"),
    ("verification_hours", "how many keys were accepted and refused in an hour, and shown"),
    ("seaql_migrations", "which migrations were made; one that is made again stops the start"),
];

/// The limit that a difference is within; none: it must be reported.
pub fn limit(store: &Prepared, now: &Snapshot, difference: &Difference) -> Option<&'static str> {
    let name = difference.table.as_str();
    let table = now.table(name);
    if let Some((_, reason)) = HINTS.iter().find(|(hint, _)| *hint == name) {
        return Some(reason);
    }
    match (&difference.before, &difference.after) {
        (Some(_), None) if VALUES.contains(&name) => Some("the value was deleted"),
        (_, Some(after)) if VALUES.contains(&name) && was_there(store, table, after) => {
            Some("an earlier value was put back under the same data key")
        }
        (Some(_), Some(_)) => {
            let columns = difference.columns(table);
            let mut reasons = columns.iter().map(|column| free(name, column));
            let first = reasons.next().flatten();
            first.filter(|_| reasons.all(|reason| reason.is_some()))
        }
        _ => None,
    }
}

/// Why a column decides nothing.
pub fn free(table: &str, column: &str) -> Option<&'static str> {
    let found = FREE.iter().find(|free| (free.0, free.1) == (table, column));
    found.map(|(_, _, reason)| *reason)
}

/// Whether this row was stored once, apart from columns that decide nothing, under the data
/// key that is active now.
fn was_there(store: &Prepared, table: &Table, row: &Row) -> bool {
    let earlier = [&store.rotated, &store.now];
    let same = |other: &Row| {
        let mut columns = table.columns.iter().zip(row.iter().zip(other));
        columns.all(|(column, (a, b))| a == b || free(&table.name, &column.name).is_some())
    };
    let is_known = earlier.iter().any(|then| then.table(&table.name).rows.values().any(same));
    is_known && table.get(row, "key_id") == active_key(&store.now)
}

/// The literal of the id of the active data key.
pub fn active_key(now: &Snapshot) -> &str {
    let table = now.table("encryption_keys");
    table.get(now.row("encryption_keys", &[("purpose", "data"), ("state", "active")]), "id")
}

/// What takes the watermark, which is kept outside of the database: everything as it was at an
/// earlier moment, or the whole audit log as it was.
pub fn earlier_day(store: &Prepared, now: &Snapshot, after: &Snapshot) -> Option<&'static str> {
    let is_as_then = |then: &Snapshot, of: &Snapshot, only_log: bool| {
        let mut tables = then.tables.iter();
        tables.all(|(name, table)| {
            (only_log && !name.starts_with("audit_")) || of.tables.get(name) == Some(table)
        })
    };
    let rest_is_now = || {
        let mut tables = now.tables.iter().filter(|(name, _)| !name.starts_with("audit_"));
        tables.all(|(name, table)| after.tables.get(name) == Some(table))
    };
    let earlier = [&store.first, &store.rotated];
    if earlier.iter().any(|then| is_as_then(then, after, false)) {
        return Some(WHOLE_DAY);
    }
    let log = earlier.iter().any(|then| is_as_then(then, after, true)) && rest_is_now();
    log.then_some("the whole log of an earlier day")
}

/// All of a store was put back.
pub const WHOLE_DAY: &str = "the whole store of an earlier day";
