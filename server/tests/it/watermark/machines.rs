//! Machines that have not seen a store, and what people see of that.

use std::fs;

use keyward::clock::Clock;
use serde_json::json;

use crate::support::program::Server;
use crate::support::{ADMIN, App, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_machine_that_meets_a_store_says_so,
    a_command_keeps_what_it_revokes_while_no_server_runs,
    each_server_has_its_own,
    a_backup_that_is_restored_in_another_place_is_noticed_where_the_store_was_seen,
);

fn is_new_machine(overview: &serde_json::Value) -> bool {
    let mut kinds = overview["attention"].as_array().unwrap().iter().map(|it| &it["kind"]);
    kinds.any(|kind| kind == "newMachine")
}

async fn a_machine_that_meets_a_store_says_so(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    let overview = server.client.get("/api/overview").await.expect(200).data();
    assert!(!is_new_machine(&overview), "the store is new: {overview}");
    let (_, log) = server.stop();
    assert!(!log.contains("has not seen this store"), "{log}");
    fs::remove_file(database.seen()).unwrap();
    let doctor = database.does(&["doctor"]);
    assert!(doctor.contains("so a restored backup cannot be noticed"), "{doctor}");
    for is_first in [true, false] {
        let server = Server::start(&database, &[]);
        server.client.sign_in().await;
        let overview = server.client.get("/api/overview").await.expect(200).data();
        assert!(is_new_machine(&overview), "also after the next start: {overview}");
        let (_, log) = server.stop();
        assert_eq!(log.contains("has not seen this store"), is_first, "{log}");
    }
    let doctor = database.does(&["doctor"]);
    assert!(doctor.contains("goes on from what this machine has seen"), "{doctor}");
    // After a week it is no news.
    let app = App::with(database, &[]).await;
    app.clock.advance((Clock::System.now() - app.clock.now()).try_into().unwrap());
    let admin = app.admin().await;
    assert!(is_new_machine(&admin.get("/api/overview").await.expect(200).data()));
    app.clock.advance(std::time::Duration::from_hours(7 * 24));
    let admin = app.admin().await;
    assert!(!is_new_machine(&admin.get("/api/overview").await.expect(200).data()));
}

async fn a_backup_that_is_restored_in_another_place_is_noticed_where_the_store_was_seen(
    backend: Backend,
) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    let (id, key) = server.client.create_key(&json!({ "name": "revoked" })).await;
    let backup = database.folder().join("backup");
    database.does(&["backup", backup.to_str().unwrap()]);
    server.client.delete(&format!("/api/keys/{id}")).await.expect(200);
    server.stop();
    // Another server of PostgreSQL, or another file.
    let other = TestDatabase::new(backend).await;
    let elsewhere = database.at(match backend {
        Backend::Sqlite => format!("sqlite://{}/elsewhere.db", database.folder().display()),
        Backend::Postgres => other.url.clone(),
    });
    elsewhere.does(&["restore", backup.to_str().unwrap()]);
    let error = elsewhere.refused_start();
    assert!(error.contains("is behind") && error.contains("keyward store accept"), "{error}");
    elsewhere.does(&["store", "accept", "--yes"]);
    let server = Server::start(&elsewhere, &[]);
    assert!(!server.client.accepts(&key).await);
    server.client.sign_in().await;
    assert_eq!(server.client.keys().await, json!([]), "it was taken away from the store");
}

async fn a_command_keeps_what_it_revokes_while_no_server_runs(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    database.does(&["migrate"]);
    let key = database.does(&["keys", "create", "--name", "a"]);
    let key = key.lines().find(|line| line.starts_with("kw_")).unwrap();
    let copy = database.copy();
    database.does(&["keys", "delete", "a"]);
    database.put_back(&copy).await;
    database.refused_start();
    let (code, ..) = database.run(&["doctor"]);
    assert_eq!(code, 1);
    database.does(&["store", "accept", "--yes"]);
    assert!(!App::with(database, &ADMIN).await.accepts(key).await);
}

async fn each_server_has_its_own(backend: Backend) {
    let app = App::start(backend).await;
    let folder = app.database.folder().join("other");
    fs::create_dir(&folder).unwrap();
    let variables = [("KEYWARD_STATE_DIR", folder.to_str().unwrap())];
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let database = app.database.shared();
    App::with(database.shared(), &variables).await.end().await;
    app.end().await;
    let copy = database.copy();
    let app = App::with(database.shared(), &[]).await;
    app.admin().await.delete(&format!("/api/keys/{id}")).await.expect(200);
    let other = App::with(database.shared(), &variables).await;
    other.state.keys.refresh().await.unwrap();
    drop((app, other));
    database.put_back(&copy).await;
    database.does(&["store", "accept", "--yes"]);
    let app = App::with(database.shared(), &[]).await;
    assert!(!app.accepts(&key).await);
    // The other machine has to say so as well.
    let there = |arguments: &[&str]| {
        let mut command = database.command(arguments);
        let done = command.envs(variables).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    let (code, error) = there(&["serve"]);
    assert!(code == 78 && error.contains("store accept"), "{error}");
    assert_eq!(there(&["store", "accept", "--yes"]).0, 0);
    assert_eq!(there(&["store", "check"]).0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_restored_under_a_running_server_brings_no_key_back() {
    let app = App::start(Backend::Postgres).await;
    let admin = app.admin().await;
    let (id, revoked) = admin.create_key(&json!({ "name": "revoked" })).await;
    let copy = app.database.copy();
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    let (_, later) = admin.create_key(&json!({ "name": "later" })).await;
    let lines = || fs::read_to_string(app.database.seen()).unwrap().matches("revoked ").count();
    assert_eq!(lines(), 1);

    app.database.put_back(&copy).await;
    // A machine that knows nothing changes keys, until there were more changes than before; unless the
    // server has looked in between, and what it recorded keeps that one from it.
    let folder = app.database.folder().join("other");
    fs::create_dir(&folder).unwrap();
    for n in 0..4 {
        let name = format!("n{n}");
        let mut command = app.database.command(&["keys", "create", "--name", &name]);
        command.env("KEYWARD_STATE_DIR", &folder).status().unwrap();
    }
    // The server that runs knows better, whichever of them it saw.
    for _ in 0..10 {
        let _ = app.state.keys.refresh().await;
        assert!(!app.accepts(&revoked).await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(!app.accepts(&later).await);
    // Nobody revoked what is not there now.
    assert_eq!(lines(), 1);
    let error = app.database.refused_start();
    assert!(error.contains("is another one than was seen"), "{error}");
}
