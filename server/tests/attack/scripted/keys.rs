//! Keys of the store, which a row in `settings` makes.

use sha2::{Digest, Sha256};

use super::{Attack, followed, reported, row_of};
use crate::oracle::CHOSEN_KEY;
use crate::snapshot::{Row, Snapshot};
use crate::step::Plan;
use crate::store::Prepared;

pub const ATTACKS: &[Attack] = &[
    reported("a key with a chosen digest and secrets:read is inserted", inserted),
    reported("a chosen key is inserted without raising the generation", inserted_quietly),
    reported("a chosen key is inserted with the mac of another row", inserted_with_a_mac),
    reported("a chosen key is inserted as a row of the older layout", inserted_in_the_older_layout),
    reported("a chosen key is put in the place of a key that is there", in_the_place_of_another),
    reported("a row of a store with another root key is inserted", foreign),
    reported("a narrow key gets the scope secrets:read", widened),
    reported("the digest of a narrow key is put into the row of a wide one", digest_moved),
    reported("a chosen digest is put into the row of a wide key, as its former", digest_as_former),
    reported("values of a narrow and a wide key are exchanged", values_exchanged),
    reported("ids of a narrow and a wide key are exchanged", ids_exchanged),
    reported("names of two keys are exchanged", names_exchanged),
    reported("a deleted key is put back", |store, _| put_back(store, "deleted")),
    reported("a disabled key is put back as it was", |store, _| put_back(store, "disabled")),
    reported("a narrowed key is put back as it was", |store, _| put_back(store, "narrowed")),
    reported("a replaced key is put back as it was", |store, _| put_back(store, "rotated")),
    reported("a disabled key is enabled", |store, _| edited(store, "disabled", ENABLED)),
    reported("an expired key has no end", |store, _| edited(store, "expired", FOR_EVER)),
    reported("a key has no networks", |store, _| edited(store, "elsewhere", EVERYWHERE)),
    reported("a key has no rate limit", |store, _| edited(store, "limited", UNLIMITED)),
    reported("an overlap is made longer", |store, _| edited(store, "overlapping", LONGER)),
    reported("a key is deleted", deleted),
    reported("a key is doubled under another id", doubled),
    reported("all keys are put back with their generation", all_put_back),
    reported("one key is put back with the generation of then", one_put_back_with_generation),
    reported("the row of the generation is put back", generation_put_back),
    reported("the row of the generation is deleted", |store, _| {
        let row = generation(&store.now);
        Plan::new().delete(&store.now, "generation", row)
    }),
    reported("the generation is raised", |_, _| {
        Plan::new().sql("UPDATE generation SET n = n + 1 WHERE id = 1")
    }),
    reported("the generation is of another store", |store, foreign| {
        Plan::new().put(&store.now, "generation", generation(&foreign.now))
    }),
];

/// Parts of the JSON, what is there instead, and where: SQL that both databases know.
type Edit = (&'static str, &'static str);
const ENABLED: Edit = (r#""enabled":false"#, r#""enabled":true"#);
const FOR_EVER: Edit = (r#""expires_at":"20"#, r#""expires_at":"30"#);
const EVERYWHERE: Edit = ("192.0.2.0/24", "0.0.0.0/0");
const UNLIMITED: Edit = ("100000", "900000");
const LONGER: Edit = (r#""ends_at":"20"#, r#""ends_at":"30"#);

fn key<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Row {
    snapshot.row("settings", &[("type", "api_key"), ("key", name)])
}

fn generation(snapshot: &Snapshot) -> &Row {
    let rows = &snapshot.table("generation").rows;
    rows.get("1").or_else(|| rows.get("'1'")).expect("the row of the keys")
}

fn value(text: &str, scopes: &str) -> String {
    let hash = hex::encode(Sha256::digest(text.as_bytes()));
    Snapshot::text(&format!(
        r#"{{"key_prefix":"kw_chose","key_hash":"{hash}","scopes":[{scopes}],"enabled":true}}"#
    ))
}

fn chosen(now: &Snapshot, more: &[(&str, &str)]) -> Row {
    let (value, time) = (value(CHOSEN_KEY, r#""secrets:read""#), "'2026-01-01 00:00:00+00:00'");
    let columns = [
        ("id", "'chosen'"),
        ("type", "'api_key'"),
        ("key", "'chosen'"),
        ("value", value.as_str()),
        ("created_at", time),
        ("updated_at", time),
    ];
    let row = row_of(now, "settings", &columns);
    now.table("settings").with(&row, more)
}

fn inserted_quietly(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().insert(&store.now, "settings", &chosen(&store.now, &[]))
}

fn inserted(store: &Prepared, foreign: &Prepared) -> Plan {
    followed(inserted_quietly(store, foreign), &store.now, "'chosen'")
}

fn inserted_with_a_mac(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let table = now.table("settings");
    let has_mac = table.columns.iter().any(|column| column.name == "mac");
    let mac = has_mac.then(|| table.get(key(now, "wide"), "mac"));
    let row = chosen(now, &mac.map(|mac| ("mac", mac)).into_iter().collect::<Vec<_>>());
    followed(Plan::new().insert(now, "settings", &row), now, "'chosen'")
}

fn inserted_in_the_older_layout(store: &Prepared, _: &Prepared) -> Plan {
    let row = chosen(&store.now, &[("key", "'api_key'")]);
    followed(Plan::new().insert(&store.now, "settings", &row), &store.now, "'chosen'")
}

/// The number of rows stays what it was.
fn in_the_place_of_another(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let guest = key(now, "guest");
    let value = value(CHOSEN_KEY, r#""secrets:read""#);
    let plan = Plan::new().set(now, "settings", guest, &[("value", &value)]);
    followed(plan, now, now.table("settings").get(guest, "id"))
}

fn foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let row = key(&foreign.now, "wide");
    let row = store.now.table("settings").with(row, &[("key", "'foreign'")]);
    let plan = Plan::new().insert(&store.now, "settings", &row);
    followed(plan, &store.now, store.now.table("settings").get(&row, "id"))
}

fn edited(store: &Prepared, name: &str, (from, to): Edit) -> Plan {
    let (now, row) = (&store.now, key(&store.now, name));
    let table = now.table("settings");
    let value = table.get(row, "value");
    let edited = value.replace(from, to);
    assert_ne!(value, edited, "{name} has no {from}");
    let plan = Plan::new().set(now, "settings", row, &[("value", &edited)]);
    followed(plan, now, table.get(row, "id"))
}

fn widened(store: &Prepared, _: &Prepared) -> Plan {
    edited(store, "reader", ("secrets:read:TEST_*", "secrets:read"))
}

/// The digest in the JSON of a key.
fn digest(store: &Prepared, name: &str) -> String {
    hex::encode(Sha256::digest(store.keys[name].as_bytes()))
}

fn digest_moved(store: &Prepared, _: &Prepared) -> Plan {
    let (narrow, wide) = (digest(store, "reader"), digest(store, "wide"));
    let table = store.now.table("settings");
    let [reader, row] = ["reader", "wide"].map(|name| key(&store.now, name));
    let moved = table.get(row, "value").replace(&wide, &narrow);
    let plan = Plan::new().delete(&store.now, "settings", reader).set(
        &store.now,
        "settings",
        row,
        &[("value", &moved)],
    );
    let plan = followed(plan, &store.now, table.get(row, "id"));
    followed(plan, &store.now, table.get(reader, "id"))
}

fn digest_as_former(store: &Prepared, _: &Prepared) -> Plan {
    let former = format!(
        r#""former":{{"prefix":"kw_chose","hash":"{}","ends_at":"3000-01-01T00:00:00Z"}},"key_hash""#,
        hex::encode(Sha256::digest(CHOSEN_KEY.as_bytes()))
    );
    let (now, row) = (&store.now, key(&store.now, "wide"));
    let value = now.table("settings").get(row, "value").replace(r#""key_hash""#, &former);
    let plan = Plan::new().set(now, "settings", row, &[("value", &value)]);
    followed(plan, now, now.table("settings").get(row, "id"))
}

/// Exchanges the literals of one column of two keys.
fn exchanged(store: &Prepared, names: [&str; 2], column: &str) -> Plan {
    let now = &store.now;
    let table = now.table("settings");
    let [a, b] = names.map(|name| key(now, name));
    let [in_a, in_b] = [a, b].map(|row| table.get(row, column));
    // What is unique goes by way of a third value.
    let plan = Plan::new()
        .delete(now, "settings", b)
        .set(now, "settings", a, &[(column, in_b)])
        .insert(now, "settings", &table.with(b, &[(column, in_a)]));
    [a, b].iter().fold(plan, |plan, row| followed(plan, now, table.get(row, "id")))
}

fn values_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    exchanged(store, ["reader", "wide"], "value")
}

fn ids_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let table = now.table("settings");
    let [a, b] = ["reader", "wide"].map(|name| key(now, name));
    let [in_a, in_b] = [a, b].map(|row| table.get(row, "id"));
    let plan = Plan::new()
        .delete(now, "settings", a)
        .delete(now, "settings", b)
        .insert(now, "settings", &table.with(a, &[("id", in_b)]))
        .insert(now, "settings", &table.with(b, &[("id", in_a)]));
    [in_a, in_b].iter().fold(plan, |plan, id| followed(plan, now, id))
}

fn names_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    exchanged(store, ["guest", "wide"], "key")
}

fn put_back(store: &Prepared, name: &str) -> Plan {
    let row = key(&store.rotated, name);
    let plan = Plan::new().put(&store.now, "settings", row);
    followed(plan, &store.now, store.now.table("settings").get(row, "id"))
}

fn deleted(store: &Prepared, _: &Prepared) -> Plan {
    let row = key(&store.now, "guest");
    let plan = Plan::new().delete(&store.now, "settings", row);
    followed(plan, &store.now, store.now.table("settings").get(row, "id"))
}

fn doubled(store: &Prepared, _: &Prepared) -> Plan {
    let (now, row) = (&store.now, key(&store.now, "reader"));
    let row = now.table("settings").with(row, &[("id", "'double'"), ("key", "'double'")]);
    followed(Plan::new().insert(now, "settings", &row), now, "'double'")
}

/// What adds up: as the owner left it before a key was deleted, and others were narrowed.
fn all_put_back(store: &Prepared, _: &Prepared) -> Plan {
    let then = &store.rotated;
    Plan::new().put_back(then, "settings").put_back(then, "key_changes").put(
        &store.now,
        "generation",
        generation(then),
    )
}

fn one_put_back_with_generation(store: &Prepared, _: &Prepared) -> Plan {
    put_back(store, "deleted").put(&store.now, "generation", generation(&store.rotated))
}

fn generation_put_back(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "generation", generation(&store.rotated))
}
