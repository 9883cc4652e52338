//! What the servers of a store must agree on, and what an administrator sees of them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{Cluster, SHORT, effective, host, start, through};
use crate::support::valve::Valve;
use crate::support::{ADMIN, App, Backend, TestDatabase};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_other_terms_does_not_start_beside_one_that_runs() {
    let mut cluster = Cluster::of(TestDatabase::new(Backend::Postgres).await, 1, &[SHORT]).await;
    let other = ("KEYWARD_WITHOUT_DATABASE", "serve:2s");
    let refused = |variables: &[(&str, &str)]| {
        let mut command = cluster.database.command(&["serve"]);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(78), "{said}");
        said
    };
    let said = refused(&[SHORT, other]);
    assert!(said.contains("KEYWARD_WITHOUT_DATABASE") && said.contains("2s"), "{said}");
    assert!(refused(&[("KEYWARD_LEASE", "0s")]).contains("KEYWARD_LEASE"));
    // One that was killed holds no lease after a while, and is then no reason.
    cluster.servers.pop().unwrap().signal("-KILL");
    let server = start(&cluster.database, &[SHORT, other]);
    server.client.get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_goes_on_without_the_database_as_long_as_it_was_asked_to() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let valve = Valve::before(&host(&database.url)).await;
    let terms = [SHORT, ("KEYWARD_WITHOUT_DATABASE", "serve:3s")];
    let mut cluster = Cluster::of(database.shared(), 1, &terms).await;
    cluster.servers.push(start(&through(&database, valve.address), &terms));
    let (_, kept) = cluster.key("kept").await;
    let (id, revoked) = cluster.key("revoked").await;
    valve.block();
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(cluster.verify(&kept).await, [200, 200]);
    let effective = cluster.revoke(&id).await;
    assert!((3_000..5_500).contains(&effective.waited), "{effective:?}");
    assert_eq!(cluster.verify(&revoked).await, [401, 503]);
    assert_eq!(cluster.verify(&kept).await, [200, 503]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sees_each_server_and_how_far_it_is() {
    let cluster = Cluster::start().await;
    let (id, _) = cluster.key("a").await;
    cluster.revoke(&id).await;
    let listed = cluster.admin.get("/api/admin/replicas").await.expect(200).data();
    assert_eq!((&listed["leaseMs"], &listed["withoutDatabaseMs"]), (&json!(1_000), &json!(0)));
    let servers = listed["servers"].as_array().unwrap();
    assert_eq!(servers.len(), 3);
    assert_eq!(servers.iter().filter(|server| server["isThis"] == json!(true)).count(), 1);
    for server in servers {
        assert_eq!((&server["generation"], &server["behind"]), (&listed["generation"], &json!(0)));
        let left = server["leaseLeftMs"].as_u64().unwrap();
        assert!((1..=1_000).contains(&left), "{server}");
        assert!(server["address"].as_str().unwrap().contains(':'), "{server}");
    }
    cluster.servers[2].signal("-STOP");
    sleep(Duration::from_millis(700)).await;
    let listed = cluster.admin.get("/api/admin/replicas").await.expect(200).data();
    let silent = |server: &&Value| server["silentMs"].as_u64().unwrap() > 500;
    let silent: Vec<_> = listed["servers"].as_array().unwrap().iter().filter(silent).collect();
    cluster.servers[2].signal("-CONT");
    assert_eq!(silent.len(), 1, "{listed}");
    assert!(silent[0]["leaseLeftMs"].as_u64().unwrap() < 500, "{listed}");
    let metrics = cluster.admin.get("/metrics").await.expect(200).text;
    let value = |name: &str| {
        let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).expect(&metrics)
    };
    assert!(value("keyward_servers") >= 2.0);
    assert!((0.0..=1.0).contains(&value("keyward_lease_left_seconds")));
    assert!(value("keyward_generation") >= 2.0 && value("keyward_store_seen_seconds") < 1.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_sqlite_is_alone() {
    let app = App::start(Backend::Sqlite).await;
    let admin = app.admin().await;
    let (id, _) = admin.create_key(&json!({ "name": "a" })).await;
    let deleted = admin.delete(&format!("/api/keys/{id}")).await.expect(200).body();
    let generation = &deleted["effective"]["generation"];
    let effective =
        json!({ "generation": generation, "acknowledged": 1, "fenced": 0, "waitedMs": 0 });
    assert_eq!(deleted, json!({ "data": { "deleted": true }, "effective": effective }));
    let listed = admin.get("/api/admin/replicas").await.expect(200).data();
    assert_eq!(
        (&listed["leaseMs"], &listed["servers"][0]["leaseLeftMs"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(listed["servers"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wall_clock_of_a_server_that_jumps_changes_no_lease() {
    let variables = [ADMIN[0], ADMIN[1], SHORT];
    let app = App::with(TestDatabase::new(Backend::Postgres).await, &variables).await;
    let admin = app.admin().await;
    let (id, key) = admin.create_key(&json!({ "name": "a" })).await;
    let hour = Duration::from_hours(1);
    for jump in [true, false, false, true] {
        if jump {
            app.clock.advance(hour);
        } else {
            app.clock.set_back(hour);
        }
        app.verify(&key).await.expect(200);
        // For longer than a lease.
        sleep(Duration::from_millis(1_200)).await;
        app.verify(&key).await.expect(200);
    }
    let deleted = admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    assert_eq!(effective(&deleted).acknowledged, 1);
    app.verify(&key).await.expect(401);
}
