//! Sealed values: secrets, and the keys of providers and models.

use super::{Attack, limit, reported, row_of};
use crate::limits::active_key;
use crate::snapshot::{Row, Snapshot};
use crate::step::Plan;
use crate::store::{Prepared, seal_legacy};

pub const ATTACKS: &[Attack] = &[
    reported("names of two secrets are exchanged", names_exchanged),
    reported("a secret is renamed into the reach of a narrow key", renamed),
    reported("values of two secrets are exchanged", values_exchanged),
    reported("a value is copied into another secret", value_copied),
    reported("a provider's key is copied into a secret", key_copied_into_a_secret),
    reported("a secret's value is copied into a provider", value_copied_into_a_provider),
    reported("an old value of the older layout is put into another row", legacy_elsewhere),
    reported("an old value of the older layout is put into a new row", legacy_inserted),
    reported("an old value of the older layout is put back", legacy_put_back),
    reported("key_id is NULL", key_id_null),
    reported("key_id is that of the former data key", key_id_former),
    reported("a value of before the rotation is put back", value_of_before),
    reported("a value of another store is put in", value_foreign),
    reported("a legacy value under another root key is put in", legacy_foreign),
    reported("a provider's base URL is changed", base_url),
    reported("a provider's base URL is set where none was", base_url_added),
    reported("a provider's base URL is put back, and nothing else", base_url_put_back),
    reported("base URLs of two providers are exchanged", base_urls_exchanged),
    reported("a provider's row is exchanged for that of another store", provider_foreign),
    reported("a provider without a key is inserted beside a model's key", provider_for_model),
    reported("a model's key is moved to another provider", model_moved),
    reported("a provider's key is used as a model's", provider_as_model),
    limit("a secret is deleted", secret_deleted),
    limit("a provider is deleted", |_, _| {
        Plan::new().sql("DELETE FROM provider_credentials WHERE id = 'anthropic'")
    }),
    limit("an earlier value of a secret is put back", secret_undone),
    limit("a deleted secret is put back", secret_revived),
    limit("a provider is put back as it was", provider_undone),
    limit("a deleted provider is put back", provider_revived),
    limit("a description is changed", |_, _| {
        Plan::new().sql("UPDATE secrets SET description = 'x'")
    }),
    reported("a note is changed", |_, _| {
        Plan::new().sql("UPDATE provider_credentials SET note = 'x'")
    }),
];

const SEALED: [&str; 2] = ["encrypted_value", "key_id"];

fn secret<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Row {
    snapshot.row("secrets", &[("key", name)])
}

fn provider<'a>(snapshot: &'a Snapshot, name: &str) -> &'a Row {
    snapshot.row("provider_credentials", &[("id", name)])
}

fn names_exchanged(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new()
        .sql("UPDATE secrets SET key = 'AWAY' WHERE key = 'TEST_OTHER'")
        .sql("UPDATE secrets SET key = 'TEST_OTHER' WHERE key = 'PROD_TOKEN'")
        .sql("UPDATE secrets SET key = 'PROD_TOKEN' WHERE key = 'AWAY'")
}

fn renamed(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql("UPDATE secrets SET key = 'TEST_NEW' WHERE key = 'PROD_OTHER'")
}

/// Copies these columns from one row to another, of whichever tables.
fn copied(
    plan: Plan,
    (from, table, row): (&Snapshot, &str, &Row),
    (now, to_table, to): (&Snapshot, &str, &Row),
    columns: &[&str],
) -> Plan {
    let table = from.table(table);
    let columns: Vec<_> = columns.iter().map(|name| (*name, table.get(row, name))).collect();
    plan.set(now, to_table, to, &columns)
}

fn values_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let [test, prod] = ["TEST_TOKEN", "PROD_TOKEN"].map(|name| secret(now, name));
    let plan = copied(Plan::new(), (now, "secrets", test), (now, "secrets", prod), &SEALED);
    copied(plan, (now, "secrets", prod), (now, "secrets", test), &SEALED)
}

fn value_copied(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let from = (now, "secrets", secret(now, "PROD_TOKEN"));
    copied(Plan::new(), from, (now, "secrets", secret(now, "TEST_TOKEN")), &SEALED)
}

fn key_copied_into_a_secret(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let from = (now, "provider_credentials", provider(now, "openai"));
    copied(Plan::new(), from, (now, "secrets", secret(now, "TEST_TOKEN")), &SEALED)
}

fn value_copied_into_a_provider(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let to = (now, "provider_credentials", provider(now, "openai"));
    copied(Plan::new(), (now, "secrets", secret(now, "PROD_TOKEN")), to, &SEALED)
}

const OLDER: [&str; 3] = ["encrypted_value", "iv", "key_id"];

/// The row of the older layout as it was before the rotation moved it.
fn legacy(store: &Prepared) -> (&Snapshot, &str, &Row) {
    (&store.first, "secrets", secret(&store.first, "LEGACY_TOKEN"))
}

fn legacy_elsewhere(store: &Prepared, _: &Prepared) -> Plan {
    let to = (&store.now, "secrets", secret(&store.now, "TEST_TOKEN"));
    copied(Plan::new(), legacy(store), to, &OLDER)
}

fn legacy_inserted(store: &Prepared, _: &Prepared) -> Plan {
    let (_, _, row) = legacy(store);
    let more = [("id", "'chosen'"), ("key", "'TEST_NEW'")];
    let row = store.now.table("secrets").with(row, &more);
    Plan::new().insert(&store.now, "secrets", &row)
}

fn legacy_put_back(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "secrets", secret(&store.first, "LEGACY_TOKEN"))
}

fn key_id_null(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql("UPDATE secrets SET key_id = NULL WHERE key = 'PROD_TOKEN'")
}

fn former_key(store: &Prepared) -> &str {
    active_key(&store.first)
}

fn key_id_former(store: &Prepared, _: &Prepared) -> Plan {
    let to = secret(&store.now, "PROD_TOKEN");
    Plan::new().set(&store.now, "secrets", to, &[("key_id", former_key(store))])
}

fn value_of_before(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "secrets", secret(&store.first, "PROD_TOKEN"))
}

fn value_foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let from = (&foreign.now, "secrets", secret(&foreign.now, "PROD_TOKEN"));
    let to = (&store.now, "secrets", secret(&store.now, "PROD_TOKEN"));
    copied(Plan::new(), from, to, &["encrypted_value"])
}

fn legacy_foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let (iv, sealed) = seal_legacy(&foreign.root, "forged");
    let (iv, sealed) = (store.now.bytes(&iv), store.now.bytes(&sealed));
    let columns = [("key_id", "NULL"), ("iv", iv.as_str()), ("encrypted_value", sealed.as_str())];
    Plan::new().set(&store.now, "secrets", secret(&store.now, "PROD_TOKEN"), &columns)
}

fn base_url(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql(
        "UPDATE provider_credentials SET base_url = 'https://attacker.example' WHERE id = 'openai'",
    )
}

fn base_url_added(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql(
        "UPDATE provider_credentials SET base_url = 'https://attacker.example' \
         WHERE id = 'anthropic'",
    )
}

fn base_url_put_back(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql(
        "UPDATE provider_credentials SET base_url = 'https://first.openai.example/v1' \
         WHERE id = 'openai'",
    )
}

fn base_urls_exchanged(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let [a, b] =
        ["openai", "anthropic"].map(|name| (now, "provider_credentials", provider(now, name)));
    copied(copied(Plan::new(), a, b, &["base_url"]), b, a, &["base_url"])
}

fn provider_foreign(store: &Prepared, foreign: &Prepared) -> Plan {
    let now = &store.now;
    let row = provider(&foreign.now, "openai");
    let row = now.table("provider_credentials").with(row, &[("key_id", active_key(now))]);
    Plan::new().put(now, "provider_credentials", &row)
}

/// The model's own key goes where the row of its provider says.
fn provider_for_model(store: &Prepared, _: &Prepared) -> Plan {
    let (now, time) = (&store.now, "'2026-01-01 00:00:00+00:00'");
    let row = provider(now, "openai");
    let columns = [
        ("id", "'openai'"),
        ("encrypted_value", now.table("provider_credentials").get(row, "encrypted_value")),
        ("key_id", active_key(now)),
        ("base_url", "'https://attacker.example'"),
        ("created_at", time),
        ("updated_at", time),
    ];
    Plan::new().put(now, "provider_credentials", &row_of(now, "provider_credentials", &columns))
}

fn model_moved(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql("UPDATE model_credentials SET id = 'anthropic/gpt-5', provider = 'anthropic'")
}

fn provider_as_model(store: &Prepared, _: &Prepared) -> Plan {
    let now = &store.now;
    let model = now.row("model_credentials", &[("id", "openai/gpt-5")]);
    let from = (now, "provider_credentials", provider(now, "anthropic"));
    copied(Plan::new(), from, (now, "model_credentials", model), &SEALED)
}

fn secret_deleted(_: &Prepared, _: &Prepared) -> Plan {
    Plan::new().sql("DELETE FROM secrets WHERE key = 'PROD_OTHER'")
}

fn secret_undone(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "secrets", secret(&store.rotated, "PROD_TOKEN"))
}

fn secret_revived(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().insert(&store.now, "secrets", secret(&store.rotated, "DELETED_TOKEN"))
}

fn provider_undone(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().put(&store.now, "provider_credentials", provider(&store.rotated, "openai"))
}

fn provider_revived(store: &Prepared, _: &Prepared) -> Plan {
    Plan::new().insert(&store.now, "provider_credentials", provider(&store.rotated, "mistral"))
}
