//! Who reads the audit log is in it, and what is made is in it with what matters of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{App, Backend, Client, on_both_databases};

on_both_databases!(
    readings_are_recorded_once_a_minute_and_reader,
    every_export_is_recorded_and_one_that_went_to_its_end_says_so,
    what_is_made_is_recorded_with_what_matters_of_it,
    refusals_of_one_caller_hide_those_of_no_other,
);

/// Action, target, outcome and detail of those entries, oldest first; not that they were read.
async fn reported(client: &Client, query: &str) -> Vec<String> {
    let path = format!("/api/admin/audit?limit=200{query}");
    let data = client.get(&path).await.expect(200).data();
    let line = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().unwrap_or("-").to_owned();
        format!("{} {} {} {}", text("action"), text("target"), text("outcome"), text("detail"))
    };
    data.as_array().unwrap().iter().rev().map(line).collect()
}

async fn readings_are_recorded_once_a_minute_and_reader(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for _ in 0..5 {
        admin.get("/api/admin/audit?limit=1").await.expect(200);
    }
    assert_eq!(reported(&admin, "&action=audit").await, ["audit.read - success -"]);
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(reported(&admin, "&action=audit").await.len(), 1);
    assert_eq!(reported(&admin, "&action=audit").await.len(), 2, "another minute");
    // A refused reader is not recorded as one who read it.
    app.anonymous().get("/api/admin/audit").await.expect(401);
    assert_eq!(reported(&admin, "&action=audit").await.len(), 2);
}

async fn every_export_is_recorded_and_one_that_went_to_its_end_says_so(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let whole = admin.get("/api/admin/audit/export").await.expect(200);
    let first: Value = serde_json::from_str(whole.text.lines().next().unwrap()).unwrap();
    assert_eq!((&first["action"], &first["seq"]), (&json!("audit.export"), &json!(4)));
    assert_eq!(whole.text.lines().count(), 4, "its own beginning is in it");
    for part in ["?action=secret", "?cursor=3"] {
        admin.get(&format!("/api/admin/audit/export{part}")).await.expect(200);
    }
    let expected = [
        "audit.export - success all entries",
        "audit.export 4 success all entries, to the end",
        "audit.export - success a part of the entries",
        "audit.export - success a part of the entries",
    ];
    assert_eq!(reported(&admin, "&action=audit.export").await, expected);
}

async fn what_is_made_is_recorded_with_what_matters_of_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({
        "name": "ci", "scopes": ["secrets:read"], "expiresAt": "2027-01-01T00:00:00Z",
        "rateLimit": { "requests": 10, "windowSeconds": 60 },
        "allowedNetworks": ["192.0.2.0/24", "2001:db8::/32"],
    });
    admin.create_key(&body).await;
    let created = "key.create ci success scopes: secrets:read, expiry: 2027-01-01T00:00:00Z, \
                   rate limit: 10 in 60 s, networks: 192.0.2.0/24 2001:db8::/32";
    assert_eq!(reported(&admin, "&action=key").await, [created]);

    let put = async |body: Value| {
        admin.put_provider("p", &body).await.expect(200);
    };
    put(json!({ "value": "v" })).await;
    put(json!({ "value": "v", "baseUrl": "https://p.example/v1?k=planted", "note": "n" })).await;
    put(json!({ "value": "v" })).await;
    let change = json!({ "baseUrl": "https://q.example" });
    admin.patch("/api/providers/p", &change).await.expect(200);
    admin.patch("/api/providers/p", &json!({ "baseUrl": null, "note": null })).await.expect(200);
    let expected = [
        "provider.set p success key",
        "provider.set p success key, base URL: https://p.example/v1, note",
        "provider.set p success key, base URL: https://p.example/v1",
        "provider.update p success base URL: https://q.example",
        "provider.update p success base URL: none, note",
    ];
    assert_eq!(reported(&admin, "&action=provider").await, expected);
}

async fn refusals_of_one_caller_hide_those_of_no_other(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (_, loud) = admin.create_key(&json!({ "name": "loud" })).await;
    let (_, quiet) = admin.create_key(&json!({ "name": "quiet" })).await;
    let read = async |key: &str, name: &str| {
        app.anonymous().get_as(key, &format!("/api/secrets/{name}")).await.expect(403);
    };
    for n in 0..40 {
        read(&loud, &format!("KEY_{n}")).await;
    }
    read(&quiet, "A").await;
    app.state.refusals.flush().await.unwrap();
    let path = "/api/admin/audit?outcome=refused&limit=200&actor=loud";
    let refused = admin.get(path).await.expect(200).data();
    assert_eq!(refused.as_array().unwrap().len(), 17, "16 kinds, and the rest of them");
    let rest = (&refused[0]["detail"], &refused[0]["address"], &refused[0]["actor"]["name"]);
    let expected = (&json!("24 more within a minute, of many kinds"), &json!("127.0.0.1"));
    assert_eq!((rest.0, rest.1, rest.2), (expected.0, expected.1, &json!("loud")));
    assert_eq!(reported(&admin, "&outcome=refused&actor=quiet").await.len(), 1);
}
