//! Every way in which a statement or a commit can fail or be cut off, for every kind of change:
//! what was answered is true, the audit log is whole, and a restart agrees with memory.

mod changes;
mod cut;
mod disk;
mod trigger;

use std::time::Duration;

use http::Method;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

use self::changes::{Change, Round};
use self::trigger::{Fault, MODES, Mode};
use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    a_statement_that_fails_leaves_every_answer_true,
    a_commit_that_fails_leaves_every_answer_true,
    callers_that_hang_up_leave_no_transaction_open,
    a_store_that_is_locked_answers_503_and_later_answers_are_true,
);

async fn a_statement_that_fails_leaves_every_answer_true(backend: Backend) {
    let modes = MODES.into_iter().filter(|mode| *mode != Mode::Commit);
    fail_everywhere(backend, &modes.collect::<Vec<_>>()).await;
}

async fn a_commit_that_fails_leaves_every_answer_true(backend: Backend) {
    fail_everywhere(backend, &[Mode::Commit]).await;
}

/// A round of all kinds of changes for each way to fail, at each kind of write to each table.
async fn fail_everywhere(backend: Backend, modes: &[Mode]) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let by_hand = app.database.connect().await;
    let mut hit = std::collections::BTreeSet::new();
    let faults = Fault::all(&by_hand, modes).await;
    for (n, fault) in faults.iter().enumerate() {
        let round = Round::prepare(&app, &admin, n).await;
        fault.set(&by_hand).await;
        let mut outcomes = Vec::new();
        for change in round.changes() {
            let before = app.audit_entries().await;
            let answer = change.send(&app, &admin).await;
            let was_made = answer.status == 200;
            if !was_made {
                let what = format!("{fault:?} {}: {answer:?}", change.name);
                assert_eq!(
                    (answer.status, &answer.body()["code"]),
                    (503, &json!("store_unavailable")),
                    "{what}"
                );
                assert!(!answer.text.contains("planted"), "{what}");
                hit.insert(change.name);
            }
            let entries = app.audit_entries().await - before;
            assert_eq!(entries, u64::from(was_made), "{fault:?} {}: entries", change.name);
            outcomes.push((change, was_made));
        }
        fault.clear(&by_hand).await;
        round.expect_truth(&app, &admin, &outcomes).await;
    }
    // A change that no fault hit would show nothing.
    let all = Round::prepare(&app, &admin, faults.len()).await;
    let missed: Vec<_> = all.changes().filter(|change| !hit.contains(change.name)).collect();
    assert!(missed.is_empty(), "never failed: {missed:?}");
    expect_agreement(&app).await;
}

/// The log is whole, and a server that starts now knows the same keys.
async fn expect_agreement(app: &App) {
    let admin = app.admin().await;
    let chain = admin.verify_log().await;
    assert_eq!(chain["valid"], true, "{chain}");
    app.state.keys.refresh().await.unwrap();
    let restarted = app.sibling().await;
    // From an address where no good key came from, few are looked at.
    let (_, good) = admin.create_key(&json!({ "name": "good" })).await;
    restarted.state.keys.refresh().await.unwrap();
    assert!(app.accepts(&good).await && restarted.accepts(&good).await);
    for key in changes::presented() {
        assert_eq!(app.accepts(&key).await, restarted.accepts(&key).await);
    }
    let (here, there) = (admin.keys().await, restarted.admin().await.keys().await);
    assert_eq!(here, there);
}

async fn callers_that_hang_up_leave_no_transaction_open(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for n in 0..40 {
        let round = Round::prepare(&app, &admin, n).await;
        let changes: Vec<&Change> = round.changes().collect();
        for (k, change) in changes.iter().enumerate() {
            // From before the first statement to after the commit.
            let patience = Duration::from_micros(u64::try_from((n * 97 + k * 31) % 4_000).unwrap());
            let _ = tokio::time::timeout(patience, change.send(&app, &admin)).await;
        }
    }
    // What goes on without its caller comes to its end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    if backend == Backend::Postgres {
        let open = "SELECT count(*) AS n FROM pg_stat_activity \
                    WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let statement = Statement::from_string(app.state.db.get_database_backend(), open);
        let row = app.state.db.query_one_raw(statement).await.unwrap().unwrap();
        assert_eq!(row.try_get::<i64>("", "n").unwrap(), 0);
    }
    app.clock.advance(Duration::from_mins(10));
    let round = Round::prepare(&app, &admin, 1_000).await;
    for change in round.changes() {
        change.send(&app, &admin).await.expect(200);
    }
    expect_agreement(&app).await;
}

async fn a_store_that_is_locked_answers_503_and_later_answers_are_true(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "n" })).await;
    let other = app.database.connect().await;
    let held = keyward::database::begin_write(&other).await.unwrap();
    if backend == Backend::Postgres {
        held.execute_unprepared("LOCK TABLE settings, audit_head IN EXCLUSIVE MODE").await.unwrap();
    }
    let path = format!("/api/keys/{id}");
    admin.delete(&path).await.expect(503);
    app.verify(&key).await.expect(200);
    held.rollback().await.unwrap();
    let now = admin.send(Method::GET, "/api/keys", &[], None).await.expect(200).data();
    assert_eq!(now[0]["id"], id);
    admin.delete(&path).await.expect(200);
    app.verify(&key).await.expect(401);
    expect_agreement(&app).await;
    app.sibling().await.verify(&key).await.expect(401);
}
