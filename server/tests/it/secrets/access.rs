//! Who can read a secret, and who last did.

use serde_json::{Value, json};

use crate::support::{App, Backend, Client, EMAIL, on_both_databases};

on_both_databases!(
    keys_whose_scopes_reach_a_secret_are_named_and_others_are_not,
    the_last_read_is_that_of_this_secret_and_no_refusal,
    of_very_many_keys_the_first_are_named_and_all_are_counted,
    what_is_no_secret_is_not_found,
);

async fn access(client: &Client, key: &str) -> Value {
    client.get(&format!("/api/secrets/{key}/access")).await.expect(200).data()
}

async fn keys_whose_scopes_reach_a_secret_are_named_and_others_are_not(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("GITHUB_TOKEN", "v").await;
    admin.add_secret("OTHER", "v").await;
    for (name, scopes) in [
        ("whole", json!(["secrets:read", "secrets:read:GITHUB_*"])),
        ("Beginning", json!(["a", "secrets:read:GITHUB_*"])),
        ("one", json!(["secrets:read:GITHUB_TOKEN"])),
        ("another", json!(["secrets:read:OTHER"])),
        ("longer", json!(["secrets:read:GITHUB_TOKENS"])),
        ("writes", json!(["secrets:write"])),
        ("none", json!([])),
    ] {
        admin.create_key(&json!({ "name": name, "scopes": scopes })).await;
    }
    let off = json!({ "name": "off", "scopes": ["secrets:read"] });
    let (off, _) = admin.create_key(&off).await;
    admin.patch(&format!("/api/keys/{off}"), &json!({ "enabled": false })).await.expect(200);
    let found = access(&admin, "GITHUB_TOKEN").await;
    let keys = found["keys"].as_array().unwrap().iter();
    let keys: Vec<_> = keys.map(|key| (&key["name"], &key["scope"])).collect();
    let expected = [
        (&json!("Beginning"), &json!("secrets:read:GITHUB_*")),
        (&json!("one"), &json!("secrets:read:GITHUB_TOKEN")),
        (&json!("whole"), &json!("secrets:read")),
    ];
    assert_eq!(keys, expected);
    assert_eq!((&found["totalKeys"], &found["roles"]), (&json!(3), &json!(["editor", "admin"])));
    assert_eq!(found["lastRead"], Value::Null);
    let one = &found["keys"][1];
    let listed = admin.keys().await;
    let listed = listed.as_array().unwrap().iter().find(|key| key["name"] == "one").unwrap();
    assert_eq!((&one["id"], &one["prefix"]), (&listed["id"], &listed["prefix"]));
    let other = access(&admin, "OTHER").await;
    assert_eq!(other["totalKeys"], 2);
}

async fn the_last_read_is_that_of_this_secret_and_no_refusal(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for key in ["A", "AB"] {
        admin.add_secret(key, "planted-value").await;
    }
    let (id, key) = admin.create_key(&json!({ "name": "n", "scopes": ["secrets:read:A"] })).await;
    admin.secret("A").await;
    let read = access(&admin, "A").await["lastRead"].take();
    assert_eq!((&read["actor"]["name"], &read["address"]), (&json!(EMAIL), &json!("127.0.0.1")));
    app.anonymous().get_as(&key, "/api/secrets/A").await.expect(200);
    admin.secret("AB").await;
    app.anonymous().get_as(&key, "/api/secrets/AB").await.expect(403);
    let before = app.audit_entries().await;
    let found = access(&admin, "A").await;
    let expected = json!({
        "at": "2026-01-01T12:00:00Z", "address": "127.0.0.1",
        "actor": { "kind": "key", "id": id, "name": "n" },
    });
    assert_eq!(found["lastRead"], expected);
    assert_eq!(access(&admin, "AB").await["lastRead"]["actor"]["kind"], "user");
    assert!(!found.to_string().contains("planted"), "{found}");
    assert_eq!(app.audit_entries().await, before, "to look is no read of the value");
}

async fn of_very_many_keys_the_first_are_named_and_all_are_counted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.add_secret("A", "v").await;
    for n in 0..103 {
        let body = json!({ "name": format!("key {n:03}"), "scopes": ["secrets:read:A*"] });
        admin.create_key(&body).await;
    }
    let found = access(&admin, "A").await;
    let keys = found["keys"].as_array().unwrap();
    assert_eq!((keys.len(), &found["totalKeys"]), (100, &json!(103)));
    assert_eq!((&keys[0]["name"], &keys[99]["name"]), (&json!("key 000"), &json!("key 099")));
}

async fn what_is_no_secret_is_not_found(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for key in ["NOTHING", "lower", "%00"] {
        let answer = admin.get(&format!("/api/secrets/{key}/access")).await.expect(404);
        assert_eq!(answer.body()["code"], "secret_not_found", "{key}");
    }
}
