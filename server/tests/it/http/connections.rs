//! How long connections may wait, and how many there may be. Over real sockets, with limits
//! that are short where the test waits for them.

use std::net::SocketAddr;
use std::time::Duration;

use keyward::http::connections::{self, Limits};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::support::program::Server;
use crate::support::{App, Backend, EMAIL, PASSWORD, TestDatabase};

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
const LONG: Duration = Duration::from_mins(1);
const SHORT: Duration = Duration::from_millis(400);
/// Longer than any short limit, and than what a slow machine adds to it.
const TIMEOUT: Duration = Duration::from_secs(20);

const LIMITS: Limits = Limits { head: LONG, idle: LONG, stall: LONG, connections: 100 };

/// A server with these limits; it ends with the app and the set.
async fn serve(limits: Limits) -> (App, SocketAddr, JoinSet<()>) {
    let app = App::start(Backend::Sqlite).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = JoinSet::new();
    let service = keyward::build(app.state.clone());
    server.spawn(connections::serve(listener, service, limits, std::future::pending()));
    (app, address, server)
}

async fn connect(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.unwrap()
}

/// The head of one answer, or what came before the connection ended.
async fn answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while !text.contains("\r\n\r\n") {
        match timeout(TIMEOUT, stream.read(&mut buffer)).await.expect("no answer") {
            Ok(0) | Err(_) => break,
            Ok(n) => text.push_str(&String::from_utf8_lossy(&buffer[..n])),
        }
    }
    text
}

async fn asks(stream: &mut TcpStream) -> bool {
    stream.write_all(LIVEZ).await.is_ok() && answer(stream).await.starts_with("HTTP/1.1 200")
}

/// Waits until the server closes it.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let closed = timeout(TIMEOUT, stream.read(&mut [0; 64])).await;
    closed.is_ok_and(|read| !matches!(read, Ok(1..)))
}

/// Whether it is open at this moment, with nothing to read.
async fn is_open(stream: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(300), stream.read(&mut [0; 64])).await.is_err()
}

/// Begins a request that is served until the rest of its body has come.
async fn begin_request(address: SocketAddr) -> (TcpStream, String) {
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string();
    let (first, rest) = body.split_at(5);
    let head = format!(
        "POST /api/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{first}",
        body.len()
    );
    let mut stream = connect(address).await;
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server has it before anything else happens.
    sleep(Duration::from_millis(200)).await;
    (stream, rest.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_drips_is_cut_off() {
    let (_app, address, _server) = serve(Limits { head: SHORT, ..LIMITS }).await;
    let mut slow = connect(address).await;
    // It has a request before: the limit is of each head, not of the connection.
    assert!(asks(&mut slow).await);
    slow.write_all(b"GET /livez HTTP/1.1\r\nx: ").await.unwrap();
    let start = Instant::now();
    while slow.write_all(b"a").await.is_ok() {
        assert!(start.elapsed() < TIMEOUT, "it may drip for ever");
        sleep(Duration::from_millis(20)).await;
    }
    let mut never = connect(address).await;
    never.write_all(b"G").await.unwrap();
    assert!(is_closed(&mut never).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_in_pieces_is_served_when_it_is_in_time() {
    let (_app, address, _server) = serve(Limits { idle: SHORT, ..LIMITS }).await;
    let mut stream = connect(address).await;
    for piece in LIVEZ.chunks(7) {
        stream.write_all(piece).await.unwrap();
        sleep(Duration::from_millis(150)).await;
    }
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_without_a_request_is_closed_used_before_or_not() {
    let (_app, address, _server) = serve(Limits { idle: SHORT, ..LIMITS }).await;
    let (mut silent, mut used) = (connect(address).await, connect(address).await);
    assert!(asks(&mut used).await);
    assert!(is_closed(&mut silent).await);
    assert!(is_closed(&mut used).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_used_stays() {
    let (_app, address, _server) = serve(Limits { idle: Duration::from_secs(2), ..LIMITS }).await;
    let mut stream = connect(address).await;
    for _ in 0..12 {
        sleep(Duration::from_millis(300)).await;
        assert!(asks(&mut stream).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_served_is_under_no_limit_of_the_connection() {
    let short = Limits { head: SHORT, idle: SHORT, stall: SHORT, connections: 100 };
    let (_app, address, _server) = serve(short).await;
    let (mut busy, rest) = begin_request(address).await;
    sleep(SHORT * 4).await;
    busy.write_all(rest.as_bytes()).await.unwrap();
    let answer = answer(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_the_cap_the_oldest_idle_connection_goes_and_no_busy_one() {
    let (_app, address, _server) = serve(Limits { connections: 4, ..LIMITS }).await;
    let (mut busy, rest) = begin_request(address).await;
    let mut idle = Vec::new();
    for _ in 0..3 {
        let mut stream = connect(address).await;
        assert!(asks(&mut stream).await);
        idle.push(stream);
        // So that the ages differ by more than the server looks.
        sleep(Duration::from_millis(600)).await;
    }
    // The first was used last.
    assert!(asks(&mut idle[0]).await);
    let mut new = connect(address).await;
    assert!(asks(&mut new).await);
    assert!(is_closed(&mut idle[1]).await);
    assert!(is_open(&mut idle[0]).await && is_open(&mut idle[2]).await);
    busy.write_all(rest.as_bytes()).await.unwrap();
    assert!(answer(&mut busy).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_all_are_busy_a_new_connection_waits_for_its_turn() {
    let (_app, address, _server) = serve(Limits { connections: 2, ..LIMITS }).await;
    let (first, second) = (begin_request(address).await, begin_request(address).await);
    let mut third = connect(address).await;
    third.write_all(LIVEZ).await.unwrap();
    assert!(is_open(&mut third).await, "it is not answered, and not refused");
    for (mut busy, rest) in [first, second] {
        busy.write_all(rest.as_bytes()).await.unwrap();
        assert!(answer(&mut busy).await.starts_with("HTTP/1.1 200"));
    }
    assert!(answer(&mut third).await.starts_with("HTTP/1.1 200"));
}

/// More than the kernel keeps for both ends.
async fn ask_for_40_megabytes(stream: &mut TcpStream) -> usize {
    let ask = b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    let mut first = vec![0; 4096];
    let got = stream.read(&mut first).await.unwrap();
    let head = String::from_utf8_lossy(&first[..got]).to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let asks = 40_000_000 / length.parse::<usize>().unwrap();
    stream.write_all(&ask.repeat(asks)).await.unwrap();
    asks * length.parse::<usize>().unwrap()
}

async fn read_to_end(stream: &mut TcpStream, until: usize) -> usize {
    let (mut read, mut buffer) = (0, vec![0; 1 << 20]);
    while read < until {
        match timeout(TIMEOUT, stream.read(&mut buffer)).await.expect("neither bytes nor an end") {
            Ok(0) | Err(_) => break,
            Ok(n) => read += n,
        }
    }
    read
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_of_its_answer_is_closed() {
    let (_app, address, _server) = serve(Limits { stall: SHORT, ..LIMITS }).await;
    let mut stream = connect(address).await;
    ask_for_40_megabytes(&mut stream).await;
    let start = Instant::now();
    // It reads nothing, so only a write shows that the other end is gone.
    while stream.write_all(LIVEZ).await.is_ok() {
        assert!(start.elapsed() < TIMEOUT * 2, "it may hold an answer for ever");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    let (_app, address, _server) = serve(Limits { stall: Duration::from_secs(2), ..LIMITS }).await;
    let mut stream = connect(address).await;
    let wanted = ask_for_40_megabytes(&mut stream).await;
    let mut read = 0;
    // For longer than the limit.
    for _ in 0..16 {
        sleep(Duration::from_millis(200)).await;
        read += read_to_end(&mut stream, 1_000_000).await;
    }
    read += read_to_end(&mut stream, wanted.saturating_sub(read)).await;
    assert!(read >= wanted, "cut off after {read}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_may_have_64_kib_and_not_twice_as_many() {
    let (_app, address, _server) = serve(LIMITS).await;
    for (size, status) in [(60_000, "HTTP/1.1 200"), (140_000, "HTTP/1.1 431")] {
        let mut stream = connect(address).await;
        let head = format!("GET /livez HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(size));
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = answer(&mut stream).await;
        assert!(answer.starts_with(status), "{size}: {answer}");
    }
}

/// The program under this limit of open files, and a key.
async fn limited(limit: &str) -> (TestDatabase, Server, String) {
    let database = TestDatabase::new(Backend::Sqlite).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let (_, key, _) = database.run(&["keys", "create", "--name", "n"]);
    let command = database.command(&[]);
    let mut shell = std::process::Command::new("sh");
    let program = env!("CARGO_BIN_EXE_keyward");
    shell.args(["-c", &format!("ulimit {limit}; exec \"$0\""), program]).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    (database, Server::spawn(shell), key.trim().to_owned())
}

async fn connect_many(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    keyward::hardening::raise_file_limit();
    let mut open = Vec::new();
    for _ in 0..count {
        open.push(timeout(TIMEOUT, connect(address)).await.expect("not even connected"));
    }
    open
}

async fn verifies(server: &Server, key: &str) -> u16 {
    // A connection of its own each time.
    let client = crate::support::Client::new(server.address);
    let answer = client.verify(key);
    timeout(TIMEOUT, answer).await.expect("verification stopped").status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_sockets_beyond_the_file_limit_do_not_stop_verification() {
    let (_database, server, key) = limited("-n 1024").await;
    assert_eq!(verifies(&server, &key).await, 200);
    let silent = connect_many(server.address, 1_100).await;
    for _ in 0..20 {
        assert_eq!(verifies(&server, &key).await, 200);
    }
    server.client.get("/readyz").await.expect(200);
    drop(silent);
    assert_eq!(verifies(&server, &key).await, 200);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("too many connections"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_soft_file_limit_is_raised_to_the_hard_one() {
    let (_database, server, _) = limited("-n 2048; ulimit -Sn 256").await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let is_number = |word: &&str| word.parse::<u64>().is_ok();
    let numbers: Vec<_> = files.split_whitespace().filter(is_number).collect();
    assert_eq!(numbers, ["2048", "2048"], "{files}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_accept_are_survived_and_the_log_is_not_flooded() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let (_database, server, key) = limited("-n 1024").await;
    let files = || std::fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count();
    let mut used = connect(server.address).await;
    assert!(asks(&mut used).await);
    // Less than the server counts on.
    let few = Rlimit { current: Some(files() as u64 + 24), maximum: Some(1_024) };
    let id = Pid::from_raw(server.child.id().cast_signed());
    prlimit(id, Resource::Nofile, few).unwrap();
    let silent = connect_many(server.address, 40).await;
    let start = Instant::now();
    for _ in 0..5 {
        assert_eq!(verifies(&server, &key).await, 200);
    }
    drop(silent);
    assert_eq!(verifies(&server, &key).await, 200);
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    let lines = log.lines().filter(|line| line.contains("no connection can be accepted")).count();
    let seconds = start.elapsed().as_secs();
    assert!(lines > 0 && lines as u64 <= seconds + 1, "{lines} lines in {seconds} s: {log}");
}
