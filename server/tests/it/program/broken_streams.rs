//! stderr and stdout are full, closed, or pipes that nobody reads: the server goes on and
//! counts what it could not write, and a command says that its result was not seen.

use std::fs::File;
use std::io::{BufRead, BufReader, PipeReader, pipe};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use keyward::audit::store::{self, AuditFilter};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::program::Server;
use crate::support::{ADMIN, Backend, TestDatabase, on_both_databases};

on_both_databases!(
    a_server_whose_log_cannot_be_written_answers_counts_and_stops,
    a_key_that_could_not_be_printed_is_gone_again,
    a_rotation_whose_key_could_not_be_printed_is_undone,
);

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Full,
    /// Closed before the program was started.
    Closed,
    /// A pipe whose reader went away.
    Broken,
    /// A pipe that nobody reads.
    Unread,
}

use Fault::{Broken, Closed, Full, Unread};

/// The program with such a stdout or stderr, as a shell would start it, and the end of the pipe
/// that must not be dropped.
struct Faulty {
    command: Command,
    _reader: Option<PipeReader>,
}

fn faulty(command: &Command, stream: i32, fault: Fault) -> Faulty {
    let closed = if fault == Closed { format!("{stream}>&-") } else { String::new() };
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {closed}")).arg(command.get_program());
    shell.args(command.get_args()).env_clear().stdin(Stdio::null());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut kept = None;
    let stdio = match fault {
        Full => File::options().write(true).open("/dev/full").unwrap().into(),
        Closed => Stdio::inherit(),
        Broken | Unread => {
            let (reader, writer) = pipe().unwrap();
            kept = (fault == Unread).then_some(reader);
            writer.into()
        }
    };
    if stream == 1 {
        shell.stdout(stdio)
    } else {
        shell.stderr(stdio)
    };
    Faulty { command: shell, _reader: kept }
}

async fn dropped(server: &Server) -> u64 {
    let metrics = server.client.get("/metrics").await.expect(200).text;
    let line = metrics.lines().find_map(|l| l.strip_prefix("keyward_log_lines_dropped_total "));
    line.expect(&metrics).parse().unwrap()
}

async fn a_server_whose_log_cannot_be_written_answers_counts_and_stops(backend: Backend) {
    for fault in [Full, Closed, Broken, Unread] {
        let database = TestDatabase::new(backend).await;
        let mut command = database.command(&["serve"]);
        command.envs(ADMIN).env("RUST_LOG", "trace");
        let Faulty { command, _reader } = faulty(&command, 2, fault);
        let server = Server::spawn_with_its_stderr(command);
        let client = &server.client;
        client.sign_in().await;
        let (_, key) = client.create_key(&json!({ "name": "n" })).await;
        // A pipe takes some lines, and so does the queue before it.
        let mut requests = 0;
        while dropped(&server).await == 0 {
            requests += 1;
            assert!(requests < 20_000, "{fault:?}: no line was dropped");
        }
        client.get("/livez").await.expect(200);
        client.get("/readyz").await.expect(200);
        client.verify(&key).await.expect(200);
        client.get_with("/api/verify", &[("x-api-key", b"kw_wrong")]).await.expect(401);
        client.get("/api/keys").await.expect(200);
        client.get("/login").await.expect(200);
        client.get("/api/nothing").await.expect(404);
        client.add_secret("A", "v").await;
        let told = Instant::now();
        let (code, _) = server.stop();
        assert_eq!(code, 0, "{fault:?}");
        assert!(told.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", told.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_without_an_administrator_and_without_stderr_serves() {
    for fault in [Full, Closed, Broken] {
        let database = TestDatabase::new(Backend::Sqlite).await;
        let Faulty { command, _reader } = faulty(&database.command(&["serve"]), 2, fault);
        let server = Server::spawn_with_its_stderr(command);
        server.client.get("/readyz").await.expect(200);
        // Among them the setup link, which the next start prints again.
        assert!(dropped(&server).await > 0, "{fault:?}");
        assert_eq!(server.stop().0, 0, "{fault:?}");
        let (_, log) = Server::start(&database, &[]).stop();
        assert!(log.contains("/setup#token="), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_can_be_written_again_says_how_much_is_missing() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    // 4 KiB for a file; the log begins again when it is emptied.
    let path = database.folder().join("log");
    let log = File::options().append(true).create(true).open(&path).unwrap();
    let store = TestDatabase::new(Backend::Postgres).await;
    let command = store.command(&["serve"]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 8; exec \"$0\"", env!("CARGO_BIN_EXE_keyward")]).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("RUST_LOG", "debug").stderr(log);
    let server = Server::spawn_with_its_stderr(shell);
    while dropped(&server).await == 0 {
        server.client.get("/livez").await.expect(200);
    }
    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    server.client.get("/livez").await.expect(200);
    assert_eq!(server.stop().0, 0);
    let log = std::fs::read_to_string(path).unwrap();
    assert!(log.contains("lines of this log could not be written"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_stdout_cannot_be_written_says_in_its_log_where_it_listens() {
    for fault in [Full, Closed, Broken] {
        let database = TestDatabase::new(Backend::Sqlite).await;
        let Faulty { mut command, _reader } = faulty(&database.command(&["serve"]), 1, fault);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let events = log.lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()));
        let mut events = events.filter_map(Result::ok);
        let listening = events.find(|event| event["message"] == "listening").unwrap();
        let address = listening["address"].as_str().unwrap().parse().unwrap();
        crate::support::Client::new(address).get("/livez").await.expect(200);
        assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
        // So that the rest of the log has a reader.
        events.for_each(drop);
        assert_eq!(child.wait().unwrap().code(), Some(0), "{fault:?}");
    }
}

/// Runs it to its end with such a stdout: exit code and stderr.
fn run_faulty(database: &TestDatabase, arguments: &[&str], fault: Fault) -> (i32, String) {
    let Faulty { mut command, _reader } = faulty(&database.command(arguments), 1, fault);
    let Output { status, stderr, .. } = command.stderr(Stdio::piped()).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stderr).unwrap())
}

fn keys(database: &TestDatabase) -> Value {
    let (code, list, error) = database.run(&["keys", "list", "--json"]);
    assert_eq!(code, 0, "{error}");
    serde_json::from_str(&list).unwrap()
}

/// Oldest first.
async fn recorded(database: &TestDatabase) -> Vec<String> {
    let db = database.connect().await;
    let filter = AuditFilter { action: Some("key".into()), ..Default::default() };
    let entries = store::list(&db, &filter, i64::MAX, 20).await.unwrap();
    entries.into_iter().rev().map(|entry| entry.action).collect()
}

async fn a_key_that_could_not_be_printed_is_gone_again(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let create = ["keys", "create", "--name", "unseen"];
    for fault in [Full, Closed, Broken] {
        let (code, error) = run_faulty(&database, &create, fault);
        assert_eq!(code, 1, "{fault:?}: {error}");
        assert!(error.contains("the key could not be printed"), "{fault:?}: {error}");
        assert!(error.contains("\"unseen\" was deleted again"), "{fault:?}: {error}");
        assert_eq!(keys(&database), json!([]), "{fault:?}");
    }
    let pair = ["key.create", "key.delete"];
    assert_eq!(recorded(&database).await, [pair, pair, pair].concat());
    // With nowhere to say it, the same happens.
    let Faulty { mut command, _reader } = faulty(&database.command(&create), 2, Full);
    command.stdout(File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(command.status().unwrap().code(), Some(1));
    assert_eq!(keys(&database), json!([]));
    assert_eq!(database.run(&["audit", "verify"]).0, 0);
    assert_eq!(database.run(&create).0, 0, "the name is free");
}

async fn a_rotation_whose_key_could_not_be_printed_is_undone(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let (_, first, _) = database.run(&["keys", "create", "--name", "n"]);
    let (_, second, _) = database.run(&["keys", "rotate", "n", "--grace", "1h"]);
    // So that both have a last use.
    let server = Server::start(&database, &[]);
    for key in [&first, &second] {
        assert!(server.client.accepts(key.trim()).await);
    }
    assert_eq!(server.stop().0, 0);
    let before = keys(&database);
    assert!(before[0]["lastUsedAt"].is_string() && before[0]["overlap"]["lastUsedAt"].is_string());
    for (grace, fault) in [("0s", Full), ("24h", Full), ("24h", Broken), ("0s", Closed)] {
        let rotate = ["keys", "rotate", "n", "--grace", grace];
        let (code, error) = run_faulty(&database, &rotate, fault);
        assert_eq!(code, 1, "{fault:?}: {error}");
        assert!(error.contains("the new key could not be printed"), "{fault:?}: {error}");
        assert!(error.contains("\"n\" has its former key again"), "{fault:?}: {error}");
        assert_eq!(keys(&database), before, "{fault:?}, grace {grace}");
    }
    let server = Server::start(&database, &[]);
    for key in [&first, &second] {
        assert!(server.client.accepts(key.trim()).await);
    }
    let expected = [vec!["key.create"], vec!["key.rotate"; 9]].concat();
    assert_eq!(recorded(&database).await, expected);
    assert_eq!(database.run(&["audit", "verify"]).0, 0);
}

#[tokio::test]
async fn a_result_that_was_cut_off_is_a_failure_unless_its_reader_had_enough() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "n"]).0, 0);
    for arguments in [
        &["keys", "list", "--json"][..],
        &["keys", "list"],
        &["encryption", "status", "--json"],
        &["audit", "verify", "--json"],
    ] {
        for (fault, expected) in [(Full, 1), (Closed, 1), (Broken, 0)] {
            let (code, error) = run_faulty(&database, arguments, fault);
            assert_eq!(code, expected, "{arguments:?}, {fault:?}: {error}");
            let is_told = error.contains("the result could not be printed");
            assert_eq!(is_told, expected == 1, "{arguments:?}, {fault:?}: {error}");
        }
    }
    assert_eq!(run_faulty(&database, &["--help"], Full).0, 1);
    assert_eq!(run_faulty(&database, &["--version"], Full).0, 1);
    for fault in [Full, Closed, Broken] {
        let (code, error) = run_faulty(&database, &["generate-key"], fault);
        assert_eq!(code, 1, "{fault:?}");
        assert!(error.contains("the key could not be printed"), "{fault:?}: {error}");
    }
}

#[tokio::test]
async fn stored_names_are_printed_without_what_a_terminal_would_obey() {
    const NAME: &str = "a\x1b]0;owned\x07\n\u{202e}\u{200b}\u{9b}2J\u{2028}\u{e0041}z";
    const SHOWN: &str = "a\\u{1b}]0;owned\\u{7}\\n\\u{202e}\\u{200b}\\u{9b}2J\\u{2028}\\u{e0041}z";
    let database = TestDatabase::new(Backend::Sqlite).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "plain"]).0, 0);
    let db = database.connect().await;
    let sql = "UPDATE settings SET key = $1 WHERE key = 'plain'";
    let values = [NAME.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    assert_eq!(db.execute_raw(statement).await.unwrap().rows_affected(), 1);
    assert_eq!(database.run(&["store", "accept", "--yes"]).0, 0);
    let is_odd =
        |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{200b}\u{2028}\u{e0041}".contains(c);

    let list = keys(&database);
    assert_eq!(list[0]["name"], NAME, "JSON has the name itself");
    let id = list[0]["id"].as_str().unwrap().to_owned();
    let (_, json, _) = database.run(&["keys", "list", "--json"]);
    let (_, table, _) = database.run(&["keys", "list"]);
    assert!(table.contains(SHOWN) && table.lines().count() == 2, "{table}");
    let (_, _, rotated) = database.run(&["keys", "rotate", &id]);
    let (_, _, deleted) = database.run(&["keys", "delete", &id]);
    assert!(rotated.contains(SHOWN) && deleted.contains(SHOWN), "{rotated}{deleted}");
    for text in [json, table, rotated, deleted] {
        assert!(!text.contains(is_odd), "{text:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_whose_log_is_a_pipe_that_nobody_reads_ends() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let mut command = database.command(&["keys", "create", "--name", "n"]);
    command.env("RUST_LOG", "trace");
    let Faulty { mut command, _reader } = faulty(&command, 2, Unread);
    let told = Instant::now();
    let output = command.stdout(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 52));
    assert!(told.elapsed() < Duration::from_secs(30));
}
