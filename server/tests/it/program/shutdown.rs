//! On a signal to stop, the server finishes what is in flight, and loses nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::program::Server;
use crate::support::{ADMIN, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    it_says_so_to_load_balancers_and_loses_no_last_use,
    a_request_in_flight_is_finished,
    what_never_ends_is_not_waited_for_longer_than_10_seconds,
);

async fn it_says_so_to_load_balancers_and_loses_no_last_use(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let (_, key, _) = database.run(&["keys", "create", "--name", "n"]);
    let server = Server::start(&database, &[]);
    let headers = [("x-api-key", key.trim().as_bytes())];
    server.client.get("/readyz").await.expect(200);
    let told = Instant::now();
    server.signal("-TERM");
    let message = "The server is stopping; ask another one";
    let mut answer = server.client.get("/readyz").await;
    while answer.status == 200 && told.elapsed() < Duration::from_secs(1) {
        answer = server.client.get("/readyz").await;
    }
    answer.expect_problem(503, "stopping", message);
    // Requests that still arrive are answered.
    server.client.get_with("/api/verify", &headers).await.expect(200);
    server.client.get("/livez").await.expect(200);
    let (code, log) = server.wait();
    assert_eq!(code, 0, "{log}");
    assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
    let (_, list, _) = database.run(&["keys", "list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert!(list[0]["lastUsedAt"].is_string(), "{list}");
}

async fn a_request_in_flight_is_finished(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let (first, rest) = body.split_at(10);
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST /api/session HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{first}",
        server.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server has the beginning before it gets the signal.
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("-TERM");
    tokio::time::sleep(Duration::from_secs(2)).await;
    TcpStream::connect(server.address).expect_err("it takes no more");
    stream.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let (code, log) = server.wait();
    assert_eq!(code, 0, "{log}");
    let (code, checked, _) = database.run(&["audit", "verify"]);
    assert_eq!(code, 0, "{checked}");
}

async fn what_never_ends_is_not_waited_for_longer_than_10_seconds(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &[]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = Instant::now();
    server.signal("-TERM");
    let (code, log) = server.wait();
    assert_eq!(code, 0, "{log}");
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
    assert!(log.contains("requests were still running"), "{log}");

    // After a second signal it waits for nothing.
    let server = Server::start(&database, &[]);
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\ncontent-type: application/json\r\n\r\n{").unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let told = Instant::now();
    server.signal("-TERM");
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal("-INT");
    assert_eq!(server.wait().0, 0);
    assert!(told.elapsed() < Duration::from_secs(3), "{:?}", told.elapsed());
}
