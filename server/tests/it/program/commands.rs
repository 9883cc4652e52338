//! The program itself: its commands, exit codes, and what it prints.

use std::fmt::Write;
use std::process::{Command, Output};

use keyward::encryption::columns::{MODELS, PROVIDERS};
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use serde_json::{Value, json};

use crate::support::program::Server;
use crate::support::{
    ADMIN, Answer, Backend, Client, EMAIL, PASSWORD, ROOT_KEY, TestDatabase, on_both_databases,
};

on_both_databases!(
    it_serves_says_where_and_stops_on_a_signal,
    keys_are_managed_on_the_command_line_while_it_serves,
    keys_of_the_encryption_are_shown_and_rotated_on_the_command_line,
    the_audit_log_is_checked_on_the_command_line,
    another_root_key_ends_the_start_with_78,
    a_server_with_a_former_root_key_says_that_it_must_be_restarted,
    nothing_secret_leaks_anywhere,
);

async fn it_serves_says_where_and_stops_on_a_signal(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &[]);
    server.client.get("/readyz").await.expect(200);
    let (code, log) = server.stop();
    assert_eq!(code, 0, "{log}");
    let link = log.lines().find(|line| line.contains("/setup#token=")).expect(&log);
    assert!(link.starts_with("No user yet: open http://127.0.0.1:"), "{link}");
    // A second start with an administrator prints no link.
    let (code, log) = Server::start(&database, &ADMIN).stop();
    assert_eq!(code, 0);
    assert!(!log.contains("/setup"), "{log}");
}

async fn keys_are_managed_on_the_command_line_while_it_serves(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let create = ["keys", "create", "--name", "by hand", "--scope", "a:b", "--expires-in", "90d"];
    let (code, out, _) = database.run(&create);
    let key = out.trim();
    assert_eq!((code, key.len()), (0, 51), "the key alone: {out}");
    let verify = |status: u16| server.client.verify_until(key, status);
    verify(200).await;

    let (_, list, _) = database.run(&["keys", "list", "--json"]);
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!((&list[0]["name"], &list[0]["scopes"]), (&json!("by hand"), &json!(["a:b"])));
    assert_eq!(list[0]["createdBy"], "command line");
    for (name, scope) in [("Beta", "a:b"), ("alpha", "c:d")] {
        let create = ["keys", "create", "--name", name, "--scope", scope];
        assert_eq!(database.run(&create).0, 0);
    }
    let listed = |options: &[&str]| {
        let arguments = [&["keys", "list", "--json"][..], options].concat();
        let list: Value = serde_json::from_str(&database.run(&arguments).1).unwrap();
        let names = list.as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap());
        names.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(listed(&[]), "by hand, Beta, alpha");
    assert_eq!(listed(&["--sort", "name"]), "alpha, Beta, by hand");
    assert_eq!(listed(&["--sort=-createdAt", "--limit", "2"]), "alpha, Beta");
    assert_eq!(listed(&["--q", "B", "--scope", "a:b", "--sort", "name"]), "Beta, by hand");
    assert_eq!(listed(&["--status", "disabled"]), "");
    let (_, table, _) = database.run(&["keys", "list", "--q", "ALPHA"]);
    assert_eq!((table.lines().count(), table.contains("alpha")), (2, true), "{table}");
    for wrong in [["--sort", "size"], ["--status", "gone"], ["--limit", "0"], ["--scope", "A"]] {
        assert_eq!(database.run(&[&["keys", "list"][..], &wrong].concat()).0, 2, "{wrong:?}");
    }
    let (_, table, _) = database.run(&["keys", "list"]);
    assert!(table.contains("by hand") && table.contains("active") && !table.contains(key));

    let taken = database.run(&["keys", "create", "--name", "by hand"]);
    assert_eq!((taken.0, taken.1.as_str()), (1, ""));
    assert!(taken.2.contains("An API key named \"by hand\" already exists"), "{}", taken.2);
    for wrong in [
        &["--name", " "][..],
        &["--name", "a", "--scope", "A"],
        &["--name", "a", "--expires-in", "soon"],
        &[],
    ] {
        let (code, out, _) = database.run(&[&["keys", "create"], wrong].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{wrong:?}");
    }
    let (code, new, printed) = database.run(&["keys", "rotate", "by hand", "--grace", "1h"]);
    assert_eq!((code, new.trim().len()), (0, 51), "{printed}");
    for _ in 0..50 {
        let headers = [("x-api-key", new.trim().as_bytes())];
        if server.client.get_with("/api/verify", &headers).await.status == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    verify(200).await;
    for (code, wrong) in [
        (1, &["nobody"][..]),
        (2, &["by hand", "--grace", "8d"]),
        (2, &["by hand", "--grace", "-1s"]),
        (2, &["by hand", "--grace", "500ms"]),
        (2, &[]),
    ] {
        let answer = database.run(&[&["keys", "rotate"], wrong].concat());
        assert_eq!((answer.0, answer.1.as_str()), (code, ""), "{wrong:?}");
    }
    assert_eq!(database.run(&["keys", "delete", "nobody"]).0, 1);
    assert_eq!(database.run(&["keys", "delete", "by hand"]).0, 0);
    verify(401).await;
}

async fn keys_of_the_encryption_are_shown_and_rotated_on_the_command_line(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    let secret = json!({ "key": "A", "value": "planted" });
    server.client.post("/api/secrets", &secret).await.expect(200);
    let (code, out, _) = database.run(&["encryption", "rotate", "--json"]);
    assert_eq!(code, 0);
    let rotated: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(rotated, json!({ "newVersion": 2, "reEncrypted": 1 }));
    // The server that runs follows at once, for reading and for writing.
    let answer = server.client.get("/api/secrets/A").await.expect(200);
    assert_eq!(answer.data()["value"], "planted");
    let secret = json!({ "key": "B", "value": "planted" });
    server.client.post("/api/secrets", &secret).await.expect(200);
    let (_, out, _) = database.run(&["encryption", "status", "--json"]);
    let status: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, server.client.encryption().await);
    assert_eq!((&status["activeVersion"], &status["secrets"]), (&json!(2), &json!(2)));
    let (_, table, _) = database.run(&["encryption", "status"]);
    for part in ["Active version: 2", "Values under data keys: 2", "retired", "command line"] {
        assert!(table.contains(part), "{part} in {table}");
    }
    let (code, sentence, _) = database.run(&["encryption", "rotate"]);
    assert_eq!((code, sentence.trim()), (0, "version 3, 2 values re-encrypted"));
}

async fn the_audit_log_is_checked_on_the_command_line(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "a"]).0, 0);
    let (code, out, _) = database.run(&["audit", "verify"]);
    assert_eq!((code, out.trim()), (0, "entries up to 2 are as they were written"));
    let db = database.connect().await;
    db.execute_unprepared("UPDATE audit_log SET target = 'b' WHERE seq = 2").await.unwrap();
    let (code, out, error) = database.run(&["audit", "verify", "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    let altered = "Entry 2 was altered: its hash does not match its content.";
    let broken = json!({ "seq": 2, "reason": format!("{altered} Entry 1 is intact.") });
    assert_eq!((code, &found["valid"], &found["broken"]), (1, &json!(false), &broken));
    let sentence = format!("the audit log is broken: {altered} Entry 1 is intact.");
    assert!(error.contains(&sentence), "{error}");
}

async fn another_root_key_ends_the_start_with_78(backend: Backend) {
    const OTHER: &str = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    assert_eq!(database.run(&["keys", "create", "--name", "a"]).0, 0);
    let with = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = database.command(arguments);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), stderr)
    };
    for command in
        [&["serve"][..], &["keys", "list"], &["encryption", "rotate"], &["audit", "verify"]]
    {
        let (code, stderr) = with(command, &[("SECRETS_ENCRYPTION_KEY", OTHER)]);
        assert_eq!(code, 78, "{stderr}");
        assert!(stderr.contains("SECRETS_ENCRYPTION_KEY is not the root key"), "{stderr}");
        assert!(!stderr.contains(OTHER) && !stderr.contains(ROOT_KEY), "{stderr}");
    }
    let same = [("SECRETS_ENCRYPTION_KEY_PREVIOUS", ROOT_KEY)];
    let (code, stderr) = with(&["keys", "list"], &same);
    assert_eq!(code, 78, "{stderr}");
    assert!(stderr.contains("SECRETS_ENCRYPTION_KEY_PREVIOUS is the same as"), "{stderr}");
    // The change of the root key.
    let both = [("SECRETS_ENCRYPTION_KEY", OTHER), ("SECRETS_ENCRYPTION_KEY_PREVIOUS", ROOT_KEY)];
    assert_eq!(with(&["encryption", "status"], &both).0, 0);
    assert_eq!(with(&["keys", "list"], &both[..1]).0, 0);
    assert_eq!(database.run(&["keys", "list"]).0, 78, "the former one is no longer enough");
}

async fn a_server_with_a_former_root_key_says_that_it_must_be_restarted(backend: Backend) {
    const OTHER: &str = "77c0VjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/t0=";
    const SENTENCE: &str = "This server has a former root key: it must be restarted with the \
                            present SECRETS_ENCRYPTION_KEY";
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let client = &server.client;
    client.sign_in().await;
    let secret = json!({ "key": "A", "value": "v" });
    client.post("/api/secrets", &secret).await.expect(200);
    let provider = json!({ "value": "sk" });
    client.put_provider("p", &provider).await.expect(200);
    let (_, key) = client.create_key(&json!({ "name": "n" })).await;
    let with = |arguments: &[&str], previous: Option<&str>| {
        let mut command = database.command(arguments);
        command.env("SECRETS_ENCRYPTION_KEY", OTHER);
        command.envs(previous.map(|key| ("SECRETS_ENCRYPTION_KEY_PREVIOUS", key)));
        assert!(command.output().unwrap().status.success());
    };
    let refused = |answer: Answer| {
        answer.expect_problem(503, "former_root_key", SENTENCE);
    };
    let post = async |path: &str| client.send(http::Method::POST, path, &[], None).await;
    client.get("/readyz").await.expect(200);
    with(&["encryption", "status"], Some(ROOT_KEY));
    // It records nothing under the new audit key, so it gives out no value. Load balancers learn
    // at once: an answer is given again for a quarter of a second.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    refused(client.get("/readyz").await);
    refused(client.get("/api/secrets/A").await);
    refused(post("/api/admin/encryption/rotate").await);

    with(&["encryption", "rotate"], None);
    refused(client.get("/readyz").await);
    refused(client.get("/api/secrets/A").await);
    refused(client.resolve("provider=p").await);
    refused(client.post("/api/secrets", &json!({ "key": "B", "value": "v" })).await);
    refused(client.put_provider("p", &provider).await);
    refused(post("/api/admin/encryption/rotate").await);
    client.verify(&key).await.expect(200);
    client.get("/livez").await.expect(200);
    let (code, log) = server.stop();
    assert_eq!(code, 0);
    let sentence = "SECRETS_ENCRYPTION_KEY is a former root key: the data key with the id";
    assert!(log.contains(sentence) && log.contains("Restart this server"), "{log}");
    assert!(!log.contains(OTHER) && !log.contains(ROOT_KEY), "{log}");

    let server = Server::start(&database, &[("SECRETS_ENCRYPTION_KEY", OTHER)]);
    server.client.sign_in().await;
    let list = server.client.get("/api/secrets").await.expect(200).data();
    assert_eq!(list.as_array().unwrap().len(), 1, "the refused change changed nothing");
    let answer = server.client.get("/api/secrets/A").await.expect(200);
    assert_eq!(answer.data()["value"], "v");
}

/// The file of the database may not grow: what a full disk looks like to SQLite.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_half_written_and_reading_the_list_goes_on() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    let server = Server::start(&database, &ADMIN);
    server.client.sign_in().await;
    let secret = |n: usize| json!({ "key": format!("KEY_{n}"), "value": "x".repeat(30_000) });
    server.client.post("/api/secrets", &secret(0)).await.expect(200);
    assert_eq!(server.stop().0, 0);

    // 512 KiB for each file, in blocks of 512 bytes; the signal that comes with it is ignored.
    let command = database.command(&[]);
    let limited = "trap '' XFSZ; ulimit -f 1024; exec \"$0\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", limited, env!("CARGO_BIN_EXE_keyward")]).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let server = Server::spawn(shell);
    let client = &server.client;
    client.sign_in().await;
    let mut stored = 1;
    let refused = loop {
        let answer = client.post("/api/secrets", &secret(stored)).await;
        if answer.status != 200 {
            break answer;
        }
        stored += 1;
        assert!(stored < 100, "the disk was never full");
    };
    refused.expect_problem(
        503,
        "store_unavailable",
        "The database did not answer, so nothing was changed. Try again.",
    );
    let list = client.get("/api/secrets").await.expect(200).data();
    assert_eq!(list.as_array().unwrap().len(), stored);
    client.rotate_data_key().await.expect(503);
    drop(server);

    let server = Server::start(&database, &[]);
    server.client.sign_in().await;
    for n in 0..stored {
        let path = format!("/api/secrets/KEY_{n}");
        let answer = server.client.get(&path).await.expect(200);
        assert_eq!(answer.data()["value"].as_str().unwrap().len(), 30_000);
    }
    server.client.post("/api/secrets", &secret(stored)).await.expect(200);
    let verified = server.client.verify_log().await;
    assert_eq!(verified["valid"], true);
    let status = server.client.encryption().await;
    assert_eq!((&status["activeVersion"], &status["secrets"]), (&json!(1), &json!(stored + 1)));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::new(Backend::Sqlite).await;
    let server = Server::start(&database, &[]);
    for file in std::fs::read_dir(database.folder()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

/// A planted value is used on every route and by every command, well and badly; then
/// everything that was written anywhere is searched for it.
async fn nothing_secret_leaks_anywhere(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let variables = [ADMIN[0], ADMIN[1], ("RUST_LOG", "trace"), ("KEYWARD_LOG_FORMAT", "json")];
    let server = Server::start(&database, &variables);
    let client = &server.client;
    let mut printed = String::new();
    let mut note = |answer: Answer| write!(printed, "{answer:?}").unwrap();
    client.sign_in().await;
    let scopes = ["secrets:read", "keys:verify"];
    let (id, first) = client.create_key(&json!({ "name": "n", "scopes": scopes })).await;
    // The answer is the one place that should have the new key.
    let key = client.rotated_key(&id, 600).await;
    note(client.verify(&key).await.expect(200));
    note(client.get_as(&key, &format!("/api/verify?key={key}")).await.expect(200));
    leave_traces_of_callers(client, &first, &key, &mut note).await;
    note(client.get_as(&key, "/api/keys").await.expect(403));
    note(client.get_as(&key, "/api/nothing?planted-query=1").await.expect(404));
    let wrong = json!({ "email": EMAIL, "password": "planted-wrong" });
    note(client.post("/api/session", &wrong).await.expect(401));
    let wrong = json!({ "email": "planted-address@example.com", "password": PASSWORD });
    note(client.post("/api/session", &wrong).await.expect(401));
    note(client.post("/api/keys", &json!({ "name": ["planted-type"] })).await.expect(400));
    let setup = json!({ "token": "planted-token", "email": EMAIL, "password": PASSWORD });
    note(client.post("/api/setup", &setup).await.expect(409));

    let value = "planted-value";
    let put = async |path: &str, body: Value| client.put(path, &body).await;
    note(client.add_secret("A", value).await);
    note(client.post("/api/secrets", &json!({ "key": "A", "value": value })).await.expect(409));
    note(client.post("/api/secrets", &json!({ "key": "a", "value": value })).await.expect(400));
    let long = "planted-".repeat(10_000);
    note(client.post("/api/secrets", &json!({ "key": "B", "value": long })).await.expect(400));
    note(client.post("/api/secrets", &json!({ "key": "B", "value": [value] })).await.expect(400));
    let unknown = json!({ "key": "B", "value": value, "x": value });
    note(client.post("/api/secrets", &unknown).await.expect(400));
    note(put("/api/secrets/A", json!({ "value": value })).await.expect(200));
    note(put("/api/secrets/A", json!({ "value": { "a": value } })).await.expect(400));
    note(put("/api/secrets/NOTHING", json!({ "value": value })).await.expect(404));
    let body = json!({ "value": value }).to_string();
    let headers = [("x-api-key", key.as_bytes()), ("content-type", b"application/json")];
    note(
        client
            .send(http::Method::PUT, "/api/secrets/A", &headers, Some(body.into()))
            .await
            .expect(403),
    );
    // The one answer that should have it.
    let revealed = client.get_as(&key, "/api/secrets/A").await.expect(200);
    assert_eq!(revealed.data()["value"], value);
    note(client.get("/api/secrets").await.expect(200));
    leave_traces_of_providers(client, value, &mut note).await;
    note(client.rotate_data_key().await.expect(200));
    note(client.get("/api/admin/encryption").await.expect(200));
    note(client.get("/api/admin/audit?actor=planted-filter").await.expect(200));
    note(client.get("/api/admin/audit/export").await.expect(200));
    note(client.get("/api/admin/audit/verify").await.expect(200));
    note(client.get("/readyz").await.expect(200));
    note(client.delete(&format!("/api/keys/{id}")).await.expect(200));
    note(client.get_as(&key, "/api/secrets/A").await.expect(401));
    for command in [
        &["encryption", "status"][..],
        &["encryption", "rotate", "--json"],
        &["audit", "verify"],
        &["keys", "list", "--json"],
    ] {
        let mut command = database.command(command);
        let Output { stdout, stderr, .. } = command.env("RUST_LOG", "trace").output().unwrap();
        printed.push_str(&String::from_utf8_lossy(&stdout));
        printed.push_str(&String::from_utf8_lossy(&stderr));
    }
    let stored = stored_text(&database).await;
    assert!(stored.contains("session.create") && stored.contains(EMAIL), "the search sees rows");
    client.delete("/api/session").await.expect(200);
    let (code, written) = server.stop();
    assert_eq!(code, 0);
    let is_on = written.contains("TRACE") && written.contains("key refused");
    assert!(is_on, "the log was on");
    for secret in [&key[8..], &first[8..], PASSWORD, ROOT_KEY, "planted-"] {
        for (place, text) in
            [("the log", &written), ("an answer", &printed), ("the database", &stored)]
        {
            let found = text.find(secret).map(|at| &text[at.saturating_sub(200)..at]);
            assert!(found.is_none(), "{secret} is in {place}, after: {found:?}");
        }
    }
    for secret in ["keyward_session_", "keyward_browser_", "argon2id"] {
        assert!(!written.contains(secret), "{secret} is in the log");
    }
}

/// Uses every route of providers with this value, well and badly.
/// Asks about keys in every form, the refusals among them.
async fn leave_traces_of_callers(
    client: &Client,
    old: &str,
    key: &str,
    note: &mut impl FnMut(Answer),
) {
    let bearer = format!("Bearer {old}");
    let headers = [
        ("authorization", bearer.as_bytes()),
        ("x-forwarded-uri", b"/planted-path?planted-query=1".as_slice()),
        ("x-original-uri", b"/planted-path"),
        ("x-keyward-scope", b"other:scope"),
    ];
    note(client.get_with("/api/verify", &headers[..1]).await.expect(200));
    client.get_with("/api/verify", &headers).await.expect(403);
    note(client.get_with("/api/verify/envoy/a?b=planted-query", &headers[..1]).await.expect(200));
    let headers = [("x-api-key", key.as_bytes()), ("content-type", b"application/json".as_slice())];
    let body = json!({ "key": old }).to_string().into_bytes();
    let asked = client.send(http::Method::POST, "/api/keys/verify", &headers, Some(body)).await;
    note(asked.expect(200));
    note(client.get("/metrics").await.expect(200));
}

async fn leave_traces_of_providers(client: &Client, value: &str, note: &mut impl FnMut(Answer)) {
    let put = async |path: &str, body: Value| client.put_provider(path, &body).await;
    // With an end of its own, so that the hint shows nothing of `value`.
    let body = || json!({ "value": format!("{value},and-an-end"), "note": "n" });
    note(put("p", body()).await.expect(200));
    note(put("p/models/m", json!({ "value": format!("{value},and-an-end") })).await.expect(200));
    note(put("P", body()).await.expect(400));
    for odd in [format!("Bearer {value}"), format!("{value}\n{value}"), format!("\"{value}\"")] {
        note(put("p", json!({ "value": odd })).await.expect(400));
    }
    for header in ["Bearer planted-bearer", "ApiKey planted-key", "Basic planted-basic"] {
        let headers = [("authorization", header.as_bytes())];
        note(client.get_with("/api/verify", &headers).await.expect(401));
    }
    note(put("p", json!({ "value": [value] })).await.expect(400));
    note(put("p", json!({ "value": value, "x": value })).await.expect(400));
    note(
        put("p", json!({ "value": "v", "baseUrl": format!("https://{value}@x") }))
            .await
            .expect(400),
    );
    note(put("p/models/m", json!({ "value": { "a": value } })).await.expect(400));
    note(client.patch("/api/providers/p", &json!({ "value": value })).await.expect(400));
    note(client.patch("/api/providers/p", &json!({ "note": "other" })).await.expect(200));
    note(client.get("/api/providers").await.expect(200));
    note(client.resolve("provider=p&model=m&explain=true").await.expect(200));
    note(client.resolve("provider=q&model=unknown").await.expect(404));
    // The answers that should have it.
    for query in ["provider=p", "provider=p&model=m"] {
        let resolved = client.resolve(query).await.expect(200);
        assert_eq!(resolved.data()["value"], format!("{value},and-an-end"));
    }
    note(client.delete("/api/providers/p/models/m").await.expect(200));
    note(put("p/models/m", json!({ "value": value })).await.expect(200));
}

/// Everything the database holds, in a form that can be searched: the files of `SQLite`, the
/// rows of PostgreSQL.
async fn stored_text(database: &TestDatabase) -> String {
    let mut text = String::new();
    if database.backend == Backend::Sqlite {
        let files = std::fs::read_dir(database.folder()).unwrap();
        let files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        assert!(files.iter().any(|file| file.extension().is_some_and(|x| x == "db-wal")));
        for file in files {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(file).unwrap()));
        }
        return text;
    }
    let db = database.connect().await;
    for table in [
        "settings",
        "users",
        "sessions",
        "secrets",
        "provider_credentials",
        "model_credentials",
        "encryption_keys",
        "audit_log",
    ] {
        // As text, and binary columns once more as what they would spell.
        let sql = format!("SELECT row_to_json(t)::text AS row FROM {table} t");
        let statement = Statement::from_string(db.get_database_backend(), sql);
        for row in db.query_all_raw(statement).await.unwrap() {
            text.push_str(&row.try_get::<String>("", "row").unwrap());
        }
    }
    for row in keyward::secrets::entity::Entity::find().all(&db).await.unwrap() {
        text.push_str(&String::from_utf8_lossy(&row.encrypted_value));
    }
    for column in [PROVIDERS, MODELS] {
        for row in column.after(&db, "", 10).await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&row.sealed));
        }
    }
    text
}

#[tokio::test]
async fn plain_http_where_others_reach_it_is_warned_about() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    for (public_url, is_warned_about) in
        [("http://keys.example", true), ("https://keys.example", false), ("", false)]
    {
        let server = Server::start(&database, &[("KEYWARD_PUBLIC_URL", public_url)]);
        let (code, log) = server.stop();
        assert_eq!((code, log.contains("arrive unencrypted")), (0, is_warned_about), "{log}");
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
        let mut command = database.command(&[]);
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
    let (code, key, _) = database.run(&["generate-key"]);
    assert_eq!((code, key.trim().len()), (0, 44));
    let serve = |name: &str, value: &str| {
        let mut command = database.command(&[]);
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
    assert_eq!(database.run(&["nonsense"]).0, 2);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, stderr) = serve("KEYWARD_BIND", &taken.local_addr().unwrap().to_string());
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot listen on 127.0.0.1:"), "{stderr}");
}
