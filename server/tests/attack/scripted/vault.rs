//! The wrapped keys.

use super::{Attack, reported};
use crate::limits::active_key;
use crate::snapshot::{Row, Snapshot};
use crate::step::Plan;
use crate::store::Prepared;

const TABLE: &str = "encryption_keys";

pub const ATTACKS: &[Attack] = &[
    reported("states of two data keys are exchanged", states_exchanged),
    reported("the active data key is retired", |_, _| {
        Plan::new().sql("UPDATE encryption_keys SET state = 'retired' WHERE purpose = 'data'")
    }),
    reported("wrapped keys of two data keys are exchanged", wrapped_exchanged),
    reported("versions of two data keys are exchanged", versions_exchanged),
    reported("the newest data key is removed and the former one put back", former_put_back),
    reported("the vault is put back with every value and its generation", vault_put_back),
    reported("the former data key is put back beside the newest", former_beside),
    reported(
        "the former data key is put back with a value of before the rotation",
        former_with_value,
    ),
    reported("the former data key gets the highest version", former_raised),
    reported("the data key is that of another store", |store, foreign| {
        swapped(store, foreign, "data")
    }),
    reported("the audit key is that of another store", |store, foreign| {
        swapped(store, foreign, "audit")
    }),
    reported("the rows key is that of another store", |store, foreign| {
        swapped(store, foreign, "rows")
    }),
    reported("the audit key is removed", |_, _| {
        Plan::new().sql("DELETE FROM encryption_keys WHERE purpose = 'audit'")
    }),
    reported("the rows key is removed", |_, _| {
        Plan::new().sql("DELETE FROM encryption_keys WHERE purpose = 'rows'")
    }),
    reported("the rows key is removed, and all that it made", unsigned),
    reported("a data key is used as the rows key", |store, _| used_as(store, "data", "rows")),
    reported("the audit key is used as the rows key", |store, _| used_as(store, "audit", "rows")),
    reported("the rows key is used as the audit key", |store, _| used_as(store, "rows", "audit")),
    reported("a retired key is removed", |_, _| {
        Plan::new().sql("DELETE FROM encryption_keys WHERE state = 'retired'")
    }),
    reported("a copy of a data key is inserted with a higher version", copy_raised),
    reported("all wrapped keys are removed", |_, _| Plan::new().sql("DELETE FROM encryption_keys")),
];

fn former<'a>(store: &Prepared, snapshot: &'a Snapshot) -> &'a Row {
    let id = active_key(&store.first).trim_matches('\'');
    snapshot.row(TABLE, &[("id", id)])
}

fn newest(snapshot: &Snapshot) -> &Row {
    snapshot.row(TABLE, &[("purpose", "data"), ("state", "active")])
}

fn states_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    Plan::new().set(now, TABLE, newest(now), &[("state", "'retired'")]).set(
        now,
        TABLE,
        former(store, now),
        &[("state", "'active'")],
    )
}

/// Exchanges the literals of one column of both data keys.
fn exchanged(store: &Prepared, column: &str) -> Plan {
    let now = &store.now;
    let table = now.table(TABLE);
    let (a, b) = (newest(now), former(store, now));
    let with = |row: &Row, other: &Row| table.with(row, &[(column, table.get(other, column))]);
    Plan::new().delete(now, TABLE, a).delete(now, TABLE, b).insert(now, TABLE, &with(a, b)).insert(
        now,
        TABLE,
        &with(b, a),
    )
}

fn wrapped_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    exchanged(store, "wrapped")
}

fn versions_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    exchanged(store, "version")
}

fn former_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    Plan::new().delete(now, TABLE, newest(now)).put(now, TABLE, former(store, &store.first))
}

/// What adds up: the vault as the owner left it before the rotation.
fn vault_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let then = &store.first;
    let plan = Plan::new().put_back(then, TABLE).put_back(then, "secrets");
    let plan = plan.put_back(then, "provider_credentials").put_back(then, "model_credentials");
    let rows = then.table("generation").rows.iter();
    let vault = rows.filter(|(id, _)| id.trim_matches('\'') == "2");
    vault.fold(plan, |plan, (_, row)| plan.put(&store.now, "generation", row))
}

fn former_beside(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let row = now.table(TABLE).with(former(store, &store.first), &[("state", "'retired'")]);
    Plan::new().put(now, TABLE, &row)
}

fn former_with_value(store: &Prepared, foreign: &Prepared) -> Plan {
    let value = store.first.row("secrets", &[("key", "PROD_TOKEN")]);
    former_beside(store, foreign).put(&store.now, "secrets", value)
}

fn former_raised(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let raised = [("version", "9"), ("state", "'active'")];
    Plan::new().set(now, TABLE, newest(now), &[("state", "'retired'")]).put(
        now,
        TABLE,
        &now.table(TABLE).with(former(store, &store.first), &raised),
    )
}

fn copy_raised(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let copy = [("id", "'copy'"), ("version", "9")];
    Plan::new().set(now, TABLE, newest(now), &[("state", "'retired'")]).insert(
        now,
        TABLE,
        &now.table(TABLE).with(newest(now), &copy),
    )
}

/// The row for this purpose, if this version has one.
fn of_purpose<'a>(snapshot: &'a Snapshot, purpose: &str) -> Option<&'a Row> {
    snapshot.table(TABLE).matching(&[("purpose", purpose), ("state", "active")]).into_iter().next()
}

/// Under the name of the one that is there.
fn swapped(store: &Prepared, foreign: &Prepared, purpose: &str) -> Plan {
    let (now, table) = (&store.now, store.now.table(TABLE));
    let pair = of_purpose(now, purpose).zip(of_purpose(&foreign.now, purpose));
    let Some((own, other)) = pair else { return Plan::new() };
    let names = ["wrapped", "kek_id"].map(|name| (name, table.get(other, name)));
    let kek = ("kek_id", table.get(own, "kek_id"));
    Plan::new().set(now, TABLE, own, &[names[0], kek])
}

fn used_as(store: &Prepared, purpose: &str, other: &str) -> Plan {
    let (now, table) = (&store.now, store.now.table(TABLE));
    let pair = of_purpose(now, purpose).zip(of_purpose(now, other));
    let Some((from, to)) = pair else { return Plan::new() };
    let columns = ["id", "wrapped", "version"].map(|name| (name, table.get(from, name)));
    Plan::new().delete(now, TABLE, from).set(now, TABLE, to, &columns)
}

/// As a store of the version before, which the first start would sign.
fn unsigned(store: &Prepared, _: &Prepared) -> Plan {
    let mut plan = Plan::new().sql("DELETE FROM encryption_keys WHERE purpose = 'rows'");
    for table in store.now.tables.values() {
        let has_mac = table.columns.iter().any(|column| column.name == "mac");
        if has_mac && !table.name.starts_with("audit") {
            plan = plan.sql(format!("UPDATE \"{}\" SET mac = NULL", table.name));
        }
    }
    let columns = &store.now.table("generation").columns;
    if columns.iter().any(|column| column.name == "sum") {
        plan = plan.sql("UPDATE generation SET count = NULL, sum = NULL");
    }
    plan
}
