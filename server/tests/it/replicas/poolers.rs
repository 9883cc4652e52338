//! Behind PgBouncer in transaction mode, which passes no notifications on.

use super::{Cluster, SHORT};
use crate::support::TestDatabase;
use crate::support::pooler::Pooler;

async fn revoke(cluster: &Cluster) -> u64 {
    let (id, key) = cluster.key("a").await;
    let effective = cluster.revoke(&id).await;
    assert_eq!(cluster.verify(&key).await, [401; 3]);
    assert_eq!((effective.acknowledged, effective.fenced), (3, 0), "{effective:?}");
    effective.waited
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_another_address_a_revocation_waits_for_the_next_look() {
    let (_pooler, database) = Pooler::start("").await;
    let cluster = Cluster::of(database, 3, &[SHORT]).await;
    assert!(revoke(&cluster).await < 900);
    // It stays so for longer than a lease.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert!(revoke(&cluster).await < 900);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_an_address_for_notifications_they_arrive() {
    let (_pooler, database) = Pooler::start("").await;
    let direct = direct(&database);
    let cluster = Cluster::of(database, 3, &[SHORT, ("DATABASE_LISTEN_URL", &direct)]).await;
    let mut waits = Vec::new();
    for _ in 0..10 {
        waits.push(revoke(&cluster).await);
    }
    waits.sort_unstable();
    assert!(waits[5] < 200, "{waits:?}");
}

/// The database without the pooler.
fn direct(database: &TestDatabase) -> String {
    let server = std::env::var("KEYWARD_TEST_POSTGRES_URL").unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    let (_, name) = database.url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_says_whether_notifications_arrive() {
    let (_pooler, database) = Pooler::start("").await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let direct = direct(&database);
    let (elsewhere, _) = direct.rsplit_once('/').unwrap();
    for (variables, level, words) in [
        (vec![], "notice", "a pooler passes none on"),
        (vec![("DATABASE_LISTEN_URL", direct.clone())], "ok", "they arrive"),
        (
            vec![("DATABASE_LISTEN_URL", format!("{elsewhere}/postgres"))],
            "warning",
            "another database",
        ),
    ] {
        let mut command = database.command(&["doctor", "--json"]);
        let said = command.envs(variables).output().unwrap().stdout;
        let said: serde_json::Value = serde_json::from_slice(&said).unwrap();
        let check = said.as_array().unwrap().iter().find(|check| check["check"] == "notifications");
        let check = check.unwrap_or_else(|| panic!("{said}"));
        assert_eq!(check["level"], level, "{check}");
        assert!(check["message"].as_str().unwrap().contains(words), "{check}");
    }
}
