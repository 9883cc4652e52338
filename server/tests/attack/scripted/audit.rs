//! The audit log.

use sha2::{Digest, Sha256};

use super::{Attack, Expect, reported};
use crate::snapshot::Row;
use crate::step::Plan;
use crate::store::Prepared;

const LOG: &str = "audit_log";

pub const ATTACKS: &[Attack] = &[
    reported("an entry says something else", |store, _| {
        Plan::new().set(&store.now, LOG, nth(store, 5), &[("actor_name", "'mallory'")])
    }),
    reported("an entry says something else, with the hash that goes with it", rehashed),
    reported("an entry is forged at the end", forged),
    reported("an entry in the middle is cut out", |store, _| {
        Plan::new().delete(&store.now, LOG, nth(store, 5))
    }),
    reported("an entry in the middle is cut out, and the others move up", cut_and_moved),
    reported("the first entries are cut off", |_, _| {
        Plan::new().sql("DELETE FROM audit_log WHERE seq <= 5")
    }),
    reported("the last entries are cut off", |_, _| Plan::new().sql(LAST_CUT)),
    reported("all entries are deleted", |_, _| Plan::new().sql("DELETE FROM audit_log")),
    reported("all entries and the head are deleted", |_, _| {
        Plan::new().sql("DELETE FROM audit_log").sql("DELETE FROM audit_head")
    }),
    reported("two entries change places", exchanged),
    reported("an entry is doubled at the end", doubled),
    reported("the head is deleted", |_, _| Plan::new().sql("DELETE FROM audit_head")),
    reported("the head is put back", |store, _| Plan::new().put_back(&store.rotated, "audit_head")),
    reported("the head is that of another store", |_, foreign| {
        Plan::new().put_back(&foreign.now, "audit_head")
    }),
    reported("the log is that of another store", |_, foreign| {
        Plan::new().put_back(&foreign.now, LOG).put_back(&foreign.now, "audit_head")
    }),
    // Only a running server remembers that it has seen more; else it takes the watermark.
    Attack {
        name: "the log is put back with its head",
        steps: |store, _| {
            Plan::new().put_back(&store.rotated, LOG).put_back(&store.rotated, "audit_head")
        },
        expect: [Expect::Reported, Expect::Limit],
    },
    Attack {
        name: "the whole database is put back to an earlier day",
        steps: |store, _| {
            let tables = store.rotated.tables.keys();
            tables.fold(Plan::new(), |plan, table| plan.put_back(&store.rotated, table))
        },
        expect: [Expect::Reported, Expect::Limit],
    },
];

const LAST_CUT: &str =
    "DELETE FROM audit_log WHERE seq > (SELECT max(seq) - 3 FROM (SELECT seq FROM audit_log) AS a)";

fn nth(store: &Prepared, seq: u32) -> &Row {
    store.now.row(LOG, &[("seq", &seq.to_string())])
}

/// Anybody can make a hash; it takes the key to make the mac.
fn rehashed(store: &Prepared, _: &Prepared) -> Plan {
    let hash = store.now.bytes(&Sha256::digest(b"whatever"));
    let columns = [("actor_name", "'mallory'"), ("entry_hash", hash.as_str())];
    Plan::new().set(&store.now, LOG, nth(store, 5), &columns)
}

/// The number after the last, and the hash that it follows: no two follow the same.
const NEXT: [(&str, &str); 2] = [
    ("seq", "(SELECT max(seq) + 1 FROM audit_log)"),
    ("prev_hash", "(SELECT entry_hash FROM audit_log ORDER BY seq DESC LIMIT 1)"),
];

fn forged(store: &Prepared, _: &Prepared) -> Plan {
    let (now, table) = (&store.now, store.now.table(LOG));
    let hash = now.bytes(&Sha256::digest(b"whatever"));
    let row = table.with(nth(store, 5), &NEXT);
    Plan::new().insert(now, LOG, &table.with(&row, &[("entry_hash", &hash)]))
}

fn cut_and_moved(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new()
        .sql("DELETE FROM audit_log WHERE seq = 5")
        .sql("UPDATE audit_log SET seq = -seq WHERE seq > 5")
        .sql("UPDATE audit_log SET seq = -seq - 1 WHERE seq < 0")
}

fn exchanged(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new()
        .sql("UPDATE audit_log SET seq = -5 WHERE seq = 5")
        .sql("UPDATE audit_log SET seq = 5 WHERE seq = 7")
        .sql("UPDATE audit_log SET seq = 7 WHERE seq = -5")
}

fn doubled(store: &Prepared, _: &Prepared) -> Plan {
    let row = store.now.table(LOG).with(nth(store, 5), &NEXT);
    Plan::new().insert(&store.now, LOG, &row)
}
