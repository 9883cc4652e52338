//! `keyward users`: everything without the page, and the way back in.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Output, Stdio};

use keyward::session::entity::{totp_secrets, users};
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::people::token;
use crate::support::program::Server;
use crate::support::{ADMIN, Backend, EMAIL, PASSWORD, ROOT_KEY, TestDatabase, on_both_databases};

on_both_databases!(
    people_are_managed_on_the_command_line_while_it_serves,
    a_lost_password_is_set_on_the_command_line,
    two_factor_is_reset_on_the_command_line,
    a_link_that_nobody_saw_is_taken_back,
    the_command_line_keeps_the_last_administrator_too,
    before_the_setup_nobody_is_invited,
);

const BOB: &str = "bob@example.com";
const URL: [&str; 2] = ["--public-url", "https://keys.example"];
const NEW: &str = "another battery horse";

/// Runs `keyward users` with a text on standard input: exit code, stdout and stderr.
fn run(database: &TestDatabase, arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    run_with(database, arguments, input, &[])
}

fn run_with(
    database: &TestDatabase,
    arguments: &[&str],
    input: &[u8],
    variables: &[(&str, &str)],
) -> (i32, String, String) {
    let mut command = database.command(&[&["users"], arguments].concat());
    command.envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may refuse before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    (status.code().unwrap(), stdout, stderr)
}

#[track_caller]
fn good(database: &TestDatabase, arguments: &[&str]) -> (String, String) {
    let (code, out, error) = run(database, arguments, b"");
    assert_eq!(code, 0, "{arguments:?}: {error}");
    (out, error)
}

#[track_caller]
fn invite(database: &TestDatabase, email: &str, role: &str) -> String {
    let (out, _) = good(database, &[&["invite", email, "--role", role], &URL[..]].concat());
    assert_eq!(out.lines().count(), 1, "the link alone: {out}");
    assert!(out.starts_with("https://keys.example/invitation#token="), "{out}");
    token(&out).to_owned()
}

fn listed(database: &TestDatabase) -> Value {
    serde_json::from_str(&good(database, &["list", "--json"]).0).unwrap()
}

async fn people_are_managed_on_the_command_line_while_it_serves(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let bob = &server.client;
    let token = invite(&database, "Bob@Example.com", "viewer");
    bob.accept_invitation(&token).await.expect(200);
    let users = listed(&database);
    let emails: Vec<_> = users.as_array().unwrap().iter().map(|user| &user["email"]).collect();
    assert_eq!(emails, [EMAIL, BOB]);
    assert_eq!((&users[1]["role"], &users[1]["sessions"]), (&json!("viewer"), &json!(1)));
    let (table, _) = good(&database, &["list"]);
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(table.contains("bob@example.com  viewer  active"), "{table}");

    // The server follows with the next request.
    good(&database, &["set-role", "BOB@example.com", "editor"]);
    bob.get("/api/session").await.expect(200);
    bob.add_secret("A", "v").await;
    good(&database, &["set-role", BOB, "viewer"]);
    bob.get("/api/session").await.expect(401);
    bob.sign_in_as(BOB).await.expect(200);
    let (_, said) = good(&database, &["end-sessions", BOB]);
    assert!(said.contains("1 session ended"), "{said}");
    bob.get("/api/session").await.expect(401);
    bob.sign_in_as(BOB).await.expect(200);
    good(&database, &["disable", BOB]);
    bob.get("/api/session").await.expect(401);
    bob.sign_in_as(BOB).await.expect(401);
    assert!(good(&database, &["list"]).0.contains("disabled"));
    good(&database, &["enable", BOB]);
    bob.sign_in_as(BOB).await.expect(200);
    good(&database, &["delete", BOB]);
    bob.get("/api/session").await.expect(401);
    for (code, wrong) in [
        (1, &["delete", BOB][..]),
        (1, &["disable", BOB]),
        (1, &["end-sessions", BOB]),
        (1, &["invite", EMAIL, "--role", "viewer", "--public-url", "https://keys.example"]),
        (1, &["invite", BOB, "--role", "viewer"]),
        (2, &["invite", BOB]),
        (2, &["invite", BOB, "--role", "root"]),
        (2, &["invite", "bob", "--role", "viewer"]),
        (2, &["invite", "b\u{200b}ob@example.com", "--role", "viewer"]),
        (2, &["set-role", BOB]),
        (2, &["set-password", BOB, "--password", PASSWORD]),
        (2, &[]),
    ] {
        let answer = run(&database, wrong, b"");
        assert_eq!((answer.0, answer.1.as_str()), (code, ""), "{wrong:?}: {}", answer.2);
    }
    server.client.sign_in().await;
    let entries = server.client.audit_log("&outcome=success&actor=command").await;
    let actions: Vec<_> = entries.iter().map(|it| it["action"].as_str().unwrap()).collect();
    let expected = [
        "user.delete",
        "user.update",
        "user.update",
        "session.delete",
        "user.update",
        "user.update",
        "invitation.create",
    ];
    let of_people: Vec<_> =
        actions.iter().filter(|it| !it.starts_with("encryption")).copied().collect();
    assert_eq!(of_people, expected);
}

async fn a_lost_password_is_set_on_the_command_line(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let client = &server.client;
    client.sign_in().await;
    for (input, said) in [
        (&b""[..], "10 to 200"),
        (b"short\n", "10 to 200"),
        (b"two lines\nof a password\n", "one line"),
        (b"\xff\xfe\xfd password", "not UTF-8"),
        (&[b'x'; 5_000], "10 to 200"),
    ] {
        let (code, out, error) = run(&database, &["set-password", EMAIL], input);
        assert_eq!((code, out.as_str()), (1, ""), "{error}");
        assert!(error.contains(said), "{said} in {error}");
    }
    client.get("/api/session").await.expect(200);
    let input = format!("{NEW}\r\n");
    let arguments = ["set-password", "ADA@example.com"];
    let (code, out, error) = run_with(&database, &arguments, input.as_bytes(), &ADMIN);
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    assert!(error.contains("1 session ended"), "{error}");
    assert!(error.contains("KEYWARD_ADMIN_PASSWORD is set and ignored"), "{error}");
    assert!(!error.contains(NEW) && !error.contains(PASSWORD), "{error}");
    client.get("/api/session").await.expect(401);
    client.sign_in_as(EMAIL).await.expect(401);
    let new = json!({ "email": EMAIL, "password": NEW });
    client.post("/api/session", &new).await.expect(200);
    let entries = client.audit_log("&action=user.password").await;
    assert_eq!(entries[0]["target"], EMAIL);
    assert_eq!(entries[0]["detail"], "1 session ended");
    assert_eq!(run(&database, &["set-password", "no@example.com"], b"").0, 1);

    // The only administrator is disabled, which no command does.
    let db = database.connect().await;
    db.execute_unprepared("UPDATE users SET is_disabled = NOT is_disabled").await.unwrap();
    assert_eq!(database.run(&["store", "accept", "--yes"]).0, 0);
    let (_, _, error) = run(&database, &["set-password", EMAIL], PASSWORD.as_bytes());
    assert!(!error.contains("KEYWARD_ADMIN_PASSWORD"), "{error}");
    let old = json!({ "email": EMAIL, "password": PASSWORD });
    client.post("/api/session", &old).await.expect(401);
    let (code, ..) = run(&database, &["set-password", EMAIL, "--enable"], PASSWORD.as_bytes());
    assert_eq!(code, 0);
    client.post("/api/session", &old).await.expect(200);
    let entries = client.audit_log("&action=user.password").await;
    assert_eq!(entries[0]["detail"], "enabled; 0 sessions ended");
}

async fn two_factor_is_reset_on_the_command_line(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let (_, said) = good(&database, &["reset-totp", EMAIL]);
    assert!(said.contains("has no two-factor"), "{said}");
    let db = database.connect().await;
    for sql in [
        "INSERT INTO totp_secrets (id, user_id, encrypted_value, key_id, created_at) \
         SELECT 't', u.id, k.wrapped, k.id, u.created_at FROM users u, encryption_keys k \
         WHERE k.purpose = 'data'",
        "UPDATE users SET totp_id = 't', totp_step = 5, recovery_codes = 'ab cd'",
    ] {
        db.execute_unprepared(sql).await.unwrap();
    }
    assert_eq!(database.run(&["store", "accept", "--yes"]).0, 0);
    assert_eq!(listed(&database)[0]["twoFactor"], true);
    let (_, said) = good(&database, &["reset-totp", EMAIL]);
    assert!(said.contains("is asked for no more codes"), "{said}");
    assert_eq!(listed(&database)[0]["twoFactor"], false);
    let user = users::Entity::find().one(&db).await.unwrap().unwrap();
    assert_eq!((user.totp_id, user.totp_step, user.recovery_codes), (None, None, None));
    assert_eq!(totp_secrets::Entity::find().count(&db).await.unwrap(), 0);
    server.client.sign_in().await;
    let entries = server.client.audit_log("&action=user.totp").await;
    assert_eq!((&entries[0]["detail"], entries.len()), (&json!("reset"), 1));
}

async fn a_link_that_nobody_saw_is_taken_back(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    let arguments = [&["users", "invite", BOB, "--role", "admin"], &URL[..]].concat();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = database.command(&arguments).stdout(full).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("so the invitation of \"bob@example.com\" was taken back"), "{error}");
    server.client.sign_in().await;
    let pending = server.client.get("/api/users/invitations").await.expect(200).data();
    assert_eq!(pending, json!([]));
    let entries = server.client.audit_log("&action=invitation").await;
    assert_eq!(entries.len(), 2);
}

async fn the_command_line_keeps_the_last_administrator_too(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    let server = Server::start(&database, &ADMIN);
    for arguments in [&["disable", EMAIL][..], &["delete", EMAIL], &["set-role", EMAIL, "editor"]] {
        let (code, _, error) = run(&database, arguments, b"");
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("is the only administrator who is not disabled"), "{error}");
    }
    server.client.sign_in().await;
    server.client.get("/api/users").await.expect(200);
}

async fn before_the_setup_nobody_is_invited(backend: Backend) {
    let database = TestDatabase::new(backend).await;
    assert_eq!(database.run(&["migrate"]).0, 0);
    let arguments = [&["invite", BOB, "--role", "admin"], &URL[..]].concat();
    let (code, out, error) = run(&database, &arguments, b"");
    assert_eq!((code, out.as_str()), (1, ""), "{error}");
    assert!(error.contains("there is no user yet"), "{error}");
    assert!(!error.contains(ROOT_KEY));
    // The first administrator can still be made.
    Server::start(&database, &ADMIN).client.sign_in().await;
}
