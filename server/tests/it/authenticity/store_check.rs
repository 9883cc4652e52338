//! `keyward store check` and `keyward store accept`.

use keyward_core::digest::KeyDigest;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_store_that_holds_is_said_to,
    what_does_not_hold_is_listed_and_accepted_when_a_person_says_so,
    a_value_that_was_renamed_is_listed_and_cannot_be_made_good,
);

async fn execute(database: &TestDatabase, sql: &str) {
    let db = database.connect().await;
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

fn findings(database: &TestDatabase) -> Vec<Value> {
    let (_, out, _) = database.run(&["store", "check", "--json"]);
    serde_json::from_str(&out).unwrap()
}

async fn a_store_that_holds_is_said_to(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "a"]).0, 0);
    assert_eq!(database.run(&["keys", "rotate", "a"]).0, 0);
    let (code, out, _) = database.run(&["store", "check"]);
    assert_eq!((code, out.trim()), (0, "everything that is stored holds"));
    assert_eq!(findings(&database), [Value::Null; 0]);
    let (code, out, _) = database.run(&["store", "accept", "--yes"]);
    assert_eq!(code, 0, "{out}");
    let (_, log, _) = database.run(&["audit", "verify"]);
    assert!(log.starts_with("entries up to 3 "), "nothing was accepted: {log}");
}

async fn what_does_not_hold_is_listed_and_accepted_when_a_person_says_so(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    for name in ["changed", "gone"] {
        assert_eq!(database.run(&["keys", "create", "--name", name]).0, 0);
    }
    let value = json!({ "key_prefix": "k", "key_hash": KeyDigest::of("k").to_hex() });
    let insert = format!(
        "INSERT INTO settings (id, type, key, value) VALUES ('f', 'api_key', 'f', '{value}')"
    );
    execute(&database, &insert).await;
    execute(&database, "UPDATE settings SET key = 'renamed' WHERE key = 'changed'").await;
    execute(&database, "DELETE FROM settings WHERE key = 'gone'").await;
    let (code, out, error) = database.run(&["store", "check"]);
    assert_eq!(code, 1, "{out}{error}");
    for part in [
        "settings: f: it has no mac",
        "it was changed outside of Keyward",
        "API keys: rows were added, removed or put back",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert_eq!(findings(&database).len(), 3);

    // Nobody is there to be asked.
    let (code, _, error) = database.run(&["store", "accept"]);
    assert!(code == 1 && error.contains("--yes"), "{error}");
    assert_eq!(findings(&database).len(), 3);
    let (code, out, error) = database.run(&["store", "accept", "--yes"]);
    assert_eq!(code, 0, "{out}{error}");
    assert!(error.contains("settings: f: it has no mac"), "what is accepted is shown: {error}");
    assert_eq!(findings(&database), [Value::Null; 0]);
    let (code, list, _) = database.run(&["keys", "list", "--json"]);
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    assert_eq!((code, list.len()), (0, 2));
    assert!(list.iter().all(|key| key.get("altered").is_none()), "{list:?}");
    assert_eq!(database.run(&["audit", "verify"]).0, 0);
}

async fn a_value_that_was_renamed_is_listed_and_cannot_be_made_good(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for key in ["TEST_A", "LIVE_A"] {
        let secret = json!({ "key": key, "value": "planted" });
        admin.post("/api/secrets", &secret).await.expect(200);
    }
    for (from, to) in [("TEST_A", "X"), ("LIVE_A", "TEST_A"), ("X", "LIVE_A")] {
        execute(&app.database, &format!("UPDATE secrets SET key = '{to}' WHERE key = '{from}'"))
            .await;
    }
    assert_eq!(findings(&app.database).len(), 2);
    // A mac stands for values of a former layout alone: these open for no name but their own.
    assert_eq!(app.database.run(&["store", "accept", "--yes"]).0, 0);
    assert_eq!(findings(&app.database).len(), 2);
    admin.get("/api/secrets/TEST_A").await.expect(500);
}
