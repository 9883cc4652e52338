//! Servers that are stopped, cut off, killed or not notified.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::{Cluster, SHORT, disable, host, start, through};
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

/// Stops it, and waits until none of its threads runs: a signal is on its way for a while.
async fn stop(server: &Server) {
    server.signal("-STOP");
    let tasks = format!("/proc/{}/task", server.child.id());
    let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(task.unwrap().path().join("stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.starts_with('T')
    };
    while !std::fs::read_dir(&tasks).unwrap().all(is_stopped) {
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_accepts_nothing_that_was_revoked_meanwhile() {
    let cluster = Cluster::start().await;
    let (_, kept) = cluster.key("kept").await;
    let stopped = &cluster.servers[2];
    // Within the lease, about its end, and long after it.
    for (n, pause) in [0, 300, 900, 1_000, 1_100, 2_500].into_iter().enumerate() {
        let (id, key) = cluster.key(&format!("key {n}")).await;
        stop(stopped).await;
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
async fn who_asks_once_more_after_a_lost_answer_waits_as_well() {
    let cluster = Cluster::start().await;
    let (_, kept) = cluster.key("kept").await;
    let stopped = &cluster.servers[2];
    for (n, method) in ["DELETE", "PATCH", "DELETE on the command line"].into_iter().enumerate() {
        let (id, key) = cluster.key(&format!("key {n}")).await;
        let path = format!("/api/keys/{id}");
        stop(stopped).await;
        let ask = async || match n {
            1 => cluster.admin.patch(&path, &disable()).await.status,
            _ => cluster.admin.delete(&path).await.status,
        };
        // Whoever asked hangs up.
        assert!(tokio::time::timeout(Duration::from_millis(300), ask()).await.is_err());
        let answered = match n {
            0 => ask().await == 404,
            1 => ask().await == 200,
            _ => cluster.database.run(&["keys", "delete", &id]).0 == 1,
        };
        let question = begin(stopped, &key).await;
        stopped.signal("-CONT");
        let status = status(question).await;
        assert!(answered && status != 200, "{method}: {answered} {status}");
        stopped.client.verify_until(&kept, 200).await;
        cluster.expect_servers(3).await;
    }
    // One who hung up has not left the silent one for the next to wait for.
    let (id, _) = cluster.key("last").await;
    stop(stopped).await;
    let path = format!("/api/keys/{id}");
    let given_up = cluster.admin.delete(&path);
    assert!(tokio::time::timeout(Duration::from_millis(300), given_up).await.is_err());
    sleep(Duration::from_millis(1_500)).await;
    let (id, _) = cluster.admin.create_key(&json!({ "name": "next" })).await;
    let effective = cluster.revoke(&id).await;
    stopped.signal("-CONT");
    assert_eq!(effective.fenced, 0, "{effective:?}");
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
    let (id, _) = cluster.admin.create_key(&json!({ "name": "more" })).await;
    assert!(cluster.revoke(&id).await.waited < 900);
    valve.open();
    cut_off.verify_until(&kept, 200).await;
    assert_eq!(cluster.verify(&key).await, [401; 3]);
    let start = Instant::now();
    while cut_off.get("/readyz").await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10), "it is never ready again");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_killed_is_waited_for_once_and_one_that_stopped_never() {
    let mut cluster = Cluster::start().await;
    cluster.servers[1].signal("-KILL");
    let (id, _) = cluster.admin.create_key(&json!({ "name": "a" })).await;
    let effective = cluster.revoke(&id).await;
    assert_eq!((effective.acknowledged, effective.fenced), (2, 1), "{effective:?}");
    let (id, _) = cluster.admin.create_key(&json!({ "name": "b" })).await;
    let effective = cluster.revoke(&id).await;
    assert!(effective.fenced == 0 && effective.waited < 900, "{effective:?}");
    let (code, log) = cluster.servers.pop().unwrap().stop();
    assert_eq!(code, 0, "{log}");
    let (id, _) = cluster.admin.create_key(&json!({ "name": "c" })).await;
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
