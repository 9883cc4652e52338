//! The program itself: its commands, exit codes, and what it prints.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{Backend, Client, EMAIL, PASSWORD, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    it_serves_says_where_and_stops_when_told,
    keys_are_managed_on_the_command_line_while_it_serves,
    nothing_secret_is_in_its_log,
);

fn keyward(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
    command
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", &database.url)
        .env("SECRETS_ENCRYPTION_KEY", ROOT_KEY)
        .env("KEYWARD_BIND", "127.0.0.1:0")
        .stdin(Stdio::null());
    command
}

fn run(database: &TestDatabase, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = keyward(database, arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A server that is stopped by its id when the test is over.
struct Server {
    child: Child,
    client: Client,
}

impl Server {
    fn start(database: &TestDatabase, variables: &[(&str, &str)]) -> Self {
        let mut command = keyward(database, &["serve"]);
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line);
        let client = Client::new(address.parse().unwrap());
        Self { child, client }
    }

    /// Asks it to stop; its exit code and everything it wrote to stderr.
    fn stop(mut self) -> (i32, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        (self.child.wait().unwrap().code().unwrap(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

const ADMIN: [(&str, &str); 2] =
    [("KEYWARD_ADMIN_EMAIL", EMAIL), ("KEYWARD_ADMIN_PASSWORD", PASSWORD)];

async fn sign_in(client: &Client) {
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    client.post("/api/session", &body).await.expect(200);
}

async fn it_serves_says_where_and_stops_when_told(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &[]);
    server.client.get("/readyz").await.expect(200);
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    let link = log.lines().find(|line| line.contains("/setup#token=")).expect(&log);
    assert!(link.starts_with("First start: open http://127.0.0.1:"), "{link}");
    // A second start with an administrator prints no link.
    let (code, log) = Server::start(&database, &ADMIN).stop();
    assert_eq!(code, 0);
    assert!(!log.contains("/setup"), "{log}");
}

async fn keys_are_managed_on_the_command_line_while_it_serves(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let create = ["keys", "create", "--name", "by hand", "--scope", "a:b", "--expires-in", "90d"];
    let (code, out, _) = run(&database, &create);
    let key = out.trim();
    assert_eq!((code, key.len()), (0, 51), "the key alone: {out}");
    let verify = async |status: u16| {
        for _ in 0..50 {
            let headers = [("x-api-key", key.as_bytes())];
            if server.client.get_with("/api/verify", &headers).await.status == status {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the server did not follow");
    };
    verify(200).await;

    let (_, list, _) = run(&database, &["keys", "list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&list[0]["name"], &list[0]["scopes"]), (&json!("by hand"), &json!(["a:b"])));
    assert_eq!(list[0]["createdBy"], "command line");
    let (_, table, _) = run(&database, &["keys", "list"]);
    assert!(table.contains("by hand") && table.contains("active") && !table.contains(key));

    let taken = run(&database, &["keys", "create", "--name", "by hand"]);
    assert_eq!((taken.0, taken.1.as_str()), (1, ""));
    assert!(taken.2.contains("An API key named \"by hand\" already exists"), "{}", taken.2);
    for wrong in [
        &["--name", " "][..],
        &["--name", "a", "--scope", "A"],
        &["--name", "a", "--expires-in", "soon"],
        &[],
    ] {
        let (code, out, _) = run(&database, &[&["keys", "create"], wrong].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{wrong:?}");
    }
    assert_eq!(run(&database, &["keys", "delete", "nobody"]).0, 1);
    assert_eq!(run(&database, &["keys", "delete", "by hand"]).0, 0);
    verify(401).await;
}

async fn nothing_secret_is_in_its_log(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let variables = [ADMIN[0], ADMIN[1], ("RUST_LOG", "trace"), ("KEYWARD_LOG_FORMAT", "json")];
    let server = Server::start(&database, &variables);
    let client = &server.client;
    sign_in(client).await;
    let (id, key) = client.create_key(&json!({ "name": "n" })).await;
    let with_key: [(&str, &[u8]); 1] = [("x-api-key", key.as_bytes())];
    client.get_with("/api/verify", &with_key).await.expect(200);
    client.get_with(&format!("/api/verify?key={key}"), &with_key).await.expect(200);
    client.get_with("/api/keys", &with_key).await.expect(200);
    client.get_with("/api/nothing?planted-query=1", &with_key).await.expect(404);
    client
        .post("/api/session", &json!({ "email": EMAIL, "password": "planted-wrong" }))
        .await
        .expect(401);
    client.post("/api/keys", &json!({ "name": "m", "planted-field": key })).await.expect(400);
    client.post("/api/keys", &json!({ "name": ["planted-type"] })).await.expect(400);
    client
        .post(
            "/api/setup",
            &json!({ "token": "planted-token", "email": EMAIL, "password": PASSWORD }),
        )
        .await
        .expect(409);
    client.delete(&format!("/api/keys/{id}")).await.expect(200);
    client.get_with("/api/verify", &with_key).await.expect(401);
    client.delete("/api/session").await.expect(200);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    assert!(log.contains("TRACE") && log.contains("key refused"), "the log was on");
    for secret in [&key[8..], PASSWORD, ROOT_KEY, "planted-", "keyward_session", "argon2id"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is in the log: {line:?}");
    }
}

#[tokio::test]
async fn without_a_good_root_key_it_refuses_to_start_and_says_which_variable() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let cases = [
        (None, "SECRETS_ENCRYPTION_KEY is missing"),
        (Some(""), "SECRETS_ENCRYPTION_KEY is missing"),
        (Some("short"), "SECRETS_ENCRYPTION_KEY is not a key"),
        (
            Some("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            "SECRETS_ENCRYPTION_KEY is not random",
        ),
        (
            Some("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
            "SECRETS_ENCRYPTION_KEY is a placeholder",
        ),
    ];
    for (value, message) in cases {
        let mut command = keyward(&database, &[]);
        command.env_remove("SECRETS_ENCRYPTION_KEY");
        command.envs(value.map(|value| ("SECRETS_ENCRYPTION_KEY", value)));
        let Output { status, stdout, stderr } = command.output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(78), "{stderr}");
        assert!(stdout.is_empty());
        assert!(stderr.contains(message) && stderr.contains("keyward generate-key"), "{stderr}");
    }
    assert!(!database.folder().join("test.db").exists(), "a refused start makes no database");
}

#[tokio::test]
async fn wrong_configuration_is_78_wrong_usage_is_2_and_a_failure_is_1() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let (code, key, _) = run(&database, &["generate-key"]);
    assert_eq!((code, key.trim().len()), (0, 44));
    let serve = |name: &str, value: &str| {
        let mut command = keyward(&database, &[]);
        command.env("SECRETS_ENCRYPTION_KEY", key.trim()).env(name, value);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for variable in [
        "KEYWARD_BIND",
        "KEYWARD_PUBLIC_URL",
        "KEYWARD_TRUSTED_PROXIES",
        "KEYWARD_LOG_FORMAT",
        "DATABASE_URL",
        "KEYWARD_ADMIN_EMAIL",
    ] {
        let (code, stderr) = serve(variable, "planted");
        assert_eq!(code, 78, "{variable}: {stderr}");
        assert!(stderr.contains("KEYWARD_") || stderr.contains("DATABASE_URL"), "{stderr}");
        assert!(!stderr.contains("planted"), "{stderr}");
    }
    assert_eq!(run(&database, &["nonsense"]).0, 2);
    let (code, stderr) = serve("DATABASE_URL", "postgres://u:planted@127.0.0.1:1/d");
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("DATABASE_URL") && !stderr.contains("planted"), "{stderr}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, stderr) = serve("KEYWARD_BIND", &taken.local_addr().unwrap().to_string());
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot listen on 127.0.0.1:"), "{stderr}");
}
