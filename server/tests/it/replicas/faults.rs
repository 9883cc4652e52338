//! Servers that are stopped, cut off, killed or not notified.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Cluster, SHORT, host, start, through};
use crate::support::program::Server;
use crate::support::valve::Valve;
use crate::support::{Backend, TestDatabase};

/// A question that waits in the server's socket; its answer is read later.
async fn begin(server: &Server, key: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /api/verify HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn status(mut stream: TcpStream) -> u16 {
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = str::from_utf8(&answer[..length]).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_accepts_nothing_that_was_revoked_meanwhile() {
    let cluster = Cluster::start().await;
    let (_, kept) = cluster.key("kept").await;
    let stopped = &cluster.servers[2];
    // Within the lease, about its end, and long after it.
    for (n, pause) in [0, 300, 900, 1_000, 1_100, 2_500].into_iter().enumerate() {
        let (id, key) = cluster.key(&format!("key {n}")).await;
        stopped.signal("-STOP");
        let before = begin(stopped, &key).await;
        sleep(Duration::from_millis(pause)).await;
        let effective = cluster.revoke(&id).await;
        let after = begin(stopped, &key).await;
        stopped.signal("-CONT");
        let statuses = [status(before).await, status(after).await];
        assert!(!statuses.contains(&200), "{statuses:?} after {pause} ms: {effective:?}");
        assert_eq!((effective.acknowledged, effective.fenced), (2, 1), "{effective:?}");
        assert!((900..2_000).contains(&effective.waited), "{effective:?}");
        // It joins again, and nobody waits for it any more.
        stopped.client.verify_until(&kept, 200).await;
        cluster.expect_servers(3).await;
        let (id, key) = cluster.key("next").await;
        let effective = cluster.revoke(&id).await;
        assert!(effective.fenced == 0 && effective.waited < 900, "{effective:?}");
        assert_eq!(cluster.verify(&key).await, [401; 3]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_cut_off_accepts_nothing_and_says_so_and_comes_back() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let valve = Valve::before(&host(&database.url)).await;
    let mut cluster = Cluster::of(database.shared(), 2, &[SHORT]).await;
    cluster.servers.push(start(&through(&database, valve.address), &[SHORT]));
    let (_, kept) = cluster.key("kept").await;
    let (id, key) = cluster.key("revoked").await;
    valve.block();
    let effective = cluster.revoke(&id).await;
    assert_eq!((effective.acknowledged, effective.fenced), (2, 1), "{effective:?}");
    assert!((900..2_000).contains(&effective.waited), "{effective:?}");
    assert_eq!(cluster.verify(&key).await, [401, 401, 503]);
    // Not refused, but not known: never 401.
    let cut_off = &cluster.servers[2].client;
    let answer = cut_off.verify(&kept).await.expect(503);
    assert_eq!(
        (answer.body()["code"].as_str(), answer.header("retry-after")),
        (Some("store_unavailable"), "1")
    );
    cut_off.verify("nobody's").await.expect(503);
    cut_off.get("/api/verify").await.expect(401);
    cut_off.get("/readyz").await.expect(503);
    cut_off.get("/livez").await.expect(200);
    // Nothing waits for it any more.
    let (id, _) = cluster.admin.create_key(&serde_json::json!({ "name": "more" })).await;
    assert!(cluster.revoke(&id).await.waited < 900);
    valve.open();
    cut_off.verify_until(&kept, 200).await;
    assert_eq!(cluster.verify(&key).await, [401; 3]);
    cut_off.get("/readyz").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_killed_is_waited_for_once_and_one_that_stopped_never() {
    let mut cluster = Cluster::start().await;
    cluster.servers[1].signal("-KILL");
    let (id, _) = cluster.admin.create_key(&serde_json::json!({ "name": "a" })).await;
    let effective = cluster.revoke(&id).await;
    assert_eq!((effective.acknowledged, effective.fenced), (2, 1), "{effective:?}");
    let (id, _) = cluster.admin.create_key(&serde_json::json!({ "name": "b" })).await;
    let effective = cluster.revoke(&id).await;
    assert!(effective.fenced == 0 && effective.waited < 900, "{effective:?}");
    let (code, log) = cluster.servers.pop().unwrap().stop();
    assert_eq!(code, 0, "{log}");
    let (id, _) = cluster.admin.create_key(&serde_json::json!({ "name": "c" })).await;
    let effective = cluster.revoke(&id).await;
    assert_eq!((effective.acknowledged, effective.fenced), (1, 0), "{effective:?}");
    assert!(effective.waited < 900, "{effective:?}");
}

const LISTENERS: &str = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                         AND query LIKE 'LISTEN %'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_notifications_a_revocation_takes_two_polls_and_they_come_back() {
    let cluster = Cluster::start().await;
    assert_eq!(cluster.query(LISTENERS).await.len(), 3);
    for round in 0..5 {
        let (id, key) = cluster.key(&format!("key {round}")).await;
        let kill = LISTENERS.replace("SELECT pid", "SELECT pg_terminate_backend(pid)");
        cluster.query(&kill).await;
        let effective = cluster.revoke(&id).await;
        assert_eq!(cluster.verify(&key).await, [401; 3]);
        assert_eq!((effective.acknowledged, effective.fenced), (3, 0), "{effective:?}");
        assert!(effective.waited < 1_000, "{effective:?}");
    }
    let start = Instant::now();
    while cluster.query(LISTENERS).await.len() < 3 {
        assert!(start.elapsed() < Duration::from_secs(10), "nobody listens any more");
        sleep(Duration::from_millis(100)).await;
    }
}
