//! Everything works behind PgBouncer in transaction mode, where two transactions of one
//! client rarely have the same session of PostgreSQL.

use std::collections::HashSet;

use futures_util::future::join_all;
use http::Method;
use keyward::database::{DatabaseConnection, begin_write};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use crate::support::pooler::Pooler;
use crate::support::program::Server;
use crate::support::{ADMIN, App, TestDatabase};

/// Makes PgBouncer open each session it may; from then on they take turns.
async fn warm(db: &DatabaseConnection) {
    let held = join_all((0..2).map(|_| begin_write(db))).await;
    for transaction in held {
        transaction.unwrap().commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_change_between_transactions_and_not_within_one() {
    let (_pooler, database) = Pooler::start("").await;
    let db = database.connect().await;
    assert!(db.is_behind_pooler());
    let statement = || {
        let sql = "SELECT pg_backend_pid() AS pid, current_setting('lock_timeout') AS patience";
        Statement::from_string(db.get_database_backend(), sql)
    };
    let mut sessions = HashSet::new();
    warm(&db).await;
    for _ in 0..20 {
        let row = db.query_one_raw(statement()).await.unwrap().unwrap();
        sessions.insert(row.try_get::<i32>("", "pid").unwrap());
        assert_eq!(row.try_get::<String>("", "patience").unwrap(), "5s");
    }
    assert!(sessions.len() > 1, "PgBouncer used one session alone");
    let transaction = begin_write(&db).await.unwrap();
    let mut within = HashSet::new();
    for _ in 0..5 {
        let row = transaction.query_one_raw(statement()).await.unwrap().unwrap();
        within.insert(row.try_get::<i32>("", "pid").unwrap());
    }
    assert_eq!(within.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_of_its_own_is_recognised() {
    let database = TestDatabase::new(crate::support::Backend::Postgres).await;
    assert!(!database.connect().await.is_behind_pooler());
}

/// The configuration of PgBouncer may say to ignore what it does not know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_ignores_parameters_is_recognised() {
    let settings = "ignore_startup_parameters = extra_float_digits,options";
    let (_pooler, database) = Pooler::start(settings).await;
    assert!(database.connect().await.is_behind_pooler());
    live(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_life_behind_a_pooler() {
    let (_pooler, database) = Pooler::start("").await;
    live(&database).await;
}

/// Start, two servers, keys, secrets, providers, rotation, audit log, commands, revocation.
async fn live(database: &TestDatabase) {
    let (code, _, log) = database.run(&["keys", "list"]);
    assert_eq!(code, 1, "{log}");
    assert_eq!(database.run(&["migrate"]).0, 0);
    warm(&database.connect().await).await;
    let server = Server::start(database, &ADMIN);
    let other = Server::start(database, &[]);
    let (client, second) = (&server.client, &other.client);
    client.sign_in().await;
    second.sign_in().await;
    client.get("/readyz").await.expect(200);
    second.get("/readyz").await.expect(200);

    let scopes = ["secrets:read", "secrets:write", "providers:resolve"];
    let (id, key) = client.create_key(&json!({ "name": "n", "scopes": scopes })).await;
    let key = key.as_str();
    client.verify_until(key, 200).await;
    second.verify_until(key, 200).await;
    let work = (0..40).map(|n| {
        let client = if n % 2 == 0 { client } else { second };
        async move {
            let secret = json!({ "key": format!("KEY_{n}"), "value": format!("value {n}") });
            client.post("/api/secrets", &secret).await.expect(200);
            let read = client.get_as(key, &format!("/api/secrets/KEY_{n}")).await;
            assert_eq!(read.expect(200).data()["value"], format!("value {n}"));
            client.create_key(&json!({ "name": format!("key {n}") })).await;
        }
    });
    join_all(work).await;
    let provider = json!({ "value": "sk-1234567890123", "baseUrl": "https://example.com/" });
    client.put_provider("p", &provider).await.expect(200);
    let resolved = second.get_as(key, "/api/resolve?provider=p").await.expect(200);
    assert_eq!(resolved.data()["value"], "sk-1234567890123");

    let path = "/api/admin/encryption/rotate";
    let rotated = client.send(Method::POST, path, &[], None).await.expect(200).data();
    assert_eq!(rotated, json!({ "newVersion": 2, "reEncrypted": 41 }));
    assert_eq!(database.run(&["encryption", "rotate"]).0, 0);
    let read = second.get_as(key, "/api/secrets/KEY_7").await.expect(200);
    assert_eq!(read.data()["value"], "value 7");

    let (code, made, log) = database.run(&["keys", "create", "--name", "by hand"]);
    assert_eq!(code, 0, "{log}");
    client.verify_until(made.trim(), 200).await;
    client.delete(&format!("/api/keys/{id}")).await.expect(200);
    client.verify(key).await.expect(401);
    second.verify_until(key, 401).await;
    assert_eq!(database.run(&["keys", "delete", "by hand"]).0, 0);
    client.verify_until(made.trim(), 401).await;

    let (code, verified, log) = database.run(&["audit", "verify"]);
    assert_eq!(code, 0, "{log}");
    assert!(verified.contains("are as they were written"), "{verified}");
    let verified = second.verify_log().await;
    assert_eq!(verified["valid"], true);
    assert_eq!(client.keys().await.as_array().unwrap().len(), 40);
    assert_eq!(server.stop().0, 0);
    assert_eq!(other.stop().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_keys_are_loaded_behind_a_pooler() {
    let (_pooler, database) = Pooler::start("").await;
    let app = App::with(database, &ADMIN).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    let sibling = app.sibling().await;
    sibling.verify(&key).await.expect(200);
}
