//! A credential that is revoked while its request is under way changes nothing.

use std::time::{Duration, Instant};

use keyward::access::authority::Authority;
use keyward::audit::{Action, Actor, Origin};
use keyward::database::StoreError;
use keyward::database::begin_write;
use keyward_api::scopes::{Scope, Scopes};
use keyward_core::digest::KeyDigest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::{App, Backend, SlowRequest, on_both_databases};

on_both_databases!(
    a_session_that_ends_while_the_body_arrives_makes_no_key,
    a_key_that_is_deleted_while_the_body_arrives_changes_no_secret,
    a_session_that_ends_before_the_commit_changes_nothing,
    a_key_that_is_deleted_before_the_commit_changes_nothing,
    a_session_is_asked_again_until_it_ends,
    a_key_is_asked_again_with_its_state_its_expiry_and_its_scopes,
    of_reads_that_are_recorded_together_only_the_revoked_are_refused,
    an_export_is_cut_off_when_its_session_ends,
);

/// The header with a session of its own, and the path that ends it.
async fn session_cookie(app: &App) -> String {
    let answer = app.anonymous().sign_in().await;
    let cookie = answer.headers.get("set-cookie").unwrap().to_str().unwrap();
    format!("cookie: {}", cookie.split(';').next().unwrap())
}

async fn sign_out(app: &App, cookie: &str) {
    let value = cookie.strip_prefix("cookie: ").unwrap().as_bytes();
    let headers = [("cookie", value)];
    app.anonymous().send(http::Method::DELETE, "/api/session", &headers, None).await.expect(200);
}

async fn a_session_that_ends_while_the_body_arrives_makes_no_key(backend: Backend) {
    let app = App::start(backend).await;
    let cookie = session_cookie(&app).await;
    let body = json!({ "name": "late", "scopes": ["secrets:read"] }).to_string();
    let request = SlowRequest::begin(&app, "POST /api/keys", &cookie, &body).await;
    sign_out(&app, &cookie).await;
    let before = app.audit_entries().await;
    let answer = request.end().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(app.admin().await.keys().await, json!([]));
    // The sign-in that looked.
    assert_eq!(app.audit_entries().await, before + 1);
}

async fn a_key_that_is_deleted_while_the_body_arrives_changes_no_secret(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let scopes = json!({ "name": "n", "scopes": ["secrets:write"] });
    let (id, key) = admin.create_key(&scopes).await;
    let body = json!({ "key": "LATE", "value": "v" }).to_string();
    let credential = format!("x-api-key: {key}");
    let request = SlowRequest::begin(&app, "POST /api/secrets", &credential, &body).await;
    admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    let answer = request.end().await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
}

/// Asks for the change while another transaction holds it up after it was authorised, and
/// revokes the credential in that transaction.
async fn change_while(app: &App, credential: &str, revoke: &str) -> String {
    let other = app.database.connect().await;
    let held = begin_write(&other).await.unwrap();
    if app.database.backend == Backend::Postgres {
        let lock = "LOCK TABLE encryption_keys IN ACCESS EXCLUSIVE MODE";
        held.execute_unprepared(lock).await.unwrap();
    }
    let body = json!({ "key": "LATE", "value": "v" }).to_string();
    let request = SlowRequest::begin(app, "POST /api/secrets", credential, &body).await;
    let answer = tokio::spawn(request.end());
    tokio::time::sleep(Duration::from_millis(500)).await;
    held.execute_unprepared(revoke).await.unwrap();
    held.commit().await.unwrap();
    answer.await.unwrap()
}

async fn a_session_that_ends_before_the_commit_changes_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let cookie = session_cookie(&app).await;
    let before = app.audit_entries().await;
    let answer = change_while(&app, &cookie, "DELETE FROM sessions").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(app.audit_entries().await, before);
    app.accept().await;
    assert_eq!(app.admin().await.get("/api/secrets").await.expect(200).data(), json!([]));
}

async fn a_key_that_is_deleted_before_the_commit_changes_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let scopes = json!({ "name": "n", "scopes": ["secrets:write"] });
    let (_, key) = admin.create_key(&scopes).await;
    let before = app.audit_entries().await;
    let revoke = "DELETE FROM settings WHERE type = 'api_key'";
    let answer = change_while(&app, &format!("x-api-key: {key}"), revoke).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(app.audit_entries().await, before);
    assert_eq!(admin.get("/api/secrets").await.expect(200).data(), json!([]));
}

async fn is_good(app: &App, authority: &Authority) -> bool {
    let transaction = begin_write(&app.state.db).await.unwrap();
    match authority.hold(&transaction, &app.state.rows, app.state.clock.now()).await {
        Ok(()) => true,
        Err(StoreError::Revoked) => false,
        Err(error) => panic!("{error}"),
    }
}

async fn a_session_is_asked_again_until_it_ends(backend: Backend) {
    let app = App::start(backend).await;
    let session = async || {
        let cookie = session_cookie(&app).await;
        let token = cookie.split_once('=').unwrap().1;
        (Authority::Session(keyward::session::cookie::token_hash(token)), cookie)
    };
    let (ended, cookie) = session().await;
    assert!(is_good(&app, &ended).await);
    sign_out(&app, &cookie).await;
    assert!(!is_good(&app, &ended).await);
    let (idle, _) = session().await;
    app.clock.advance(Duration::from_secs(12 * 3_600 - 1));
    assert!(is_good(&app, &idle).await);
    app.clock.advance(Duration::from_secs(1));
    assert!(!is_good(&app, &idle).await);
}

async fn a_key_is_asked_again_with_its_state_its_expiry_and_its_scopes(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let held = ["secrets:read", "secrets:write"];
    let scopes = Scopes::try_from(held.map(|s| Scope::new(s.to_owned()).unwrap()).to_vec());
    let scopes = scopes.unwrap();
    let (id, key) = admin.create_key(&json!({ "name": "n", "scopes": held })).await;
    let path = format!("/api/keys/{id}");
    let authority = |key: &str| {
        let (id, scopes) = (id.clone(), scopes.clone());
        let address = Some([192, 0, 2, 1].into());
        Authority::Key { id, digest: KeyDigest::of(key), scopes, address }
    };
    assert!(is_good(&app, &authority(&key)).await);
    assert!(!is_good(&app, &authority("another")).await);
    for (bad, good) in [
        (json!({ "enabled": false }), json!({ "enabled": true })),
        (json!({ "scopes": ["secrets:read"] }), json!({ "scopes": held })),
        (
            json!({ "allowedNetworks": ["198.51.100.0/24"] }),
            json!({ "allowedNetworks": ["192.0.2.0/24"] }),
        ),
        (json!({ "expiresAt": "2026-01-01T12:00:00Z" }), json!({ "expiresAt": null })),
    ] {
        if admin.patch(&path, &bad).await.status == 200 {
            assert!(!is_good(&app, &authority(&key)).await, "{bad}");
        }
        admin.patch(&path, &good).await.expect(200);
        assert!(is_good(&app, &authority(&key)).await, "{good}");
    }
    let soon = json!({ "expiresAt": "2026-01-01T13:00:00Z" });
    admin.patch(&path, &soon).await.expect(200);
    let rotated = json!({ "graceSeconds": 60 });
    let new = admin.post(&format!("{path}/rotate"), &rotated).await.expect(200).data();
    let new = new["key"].as_str().unwrap();
    assert!(is_good(&app, &authority(&key)).await, "in its overlap");
    app.clock.advance(Duration::from_mins(1));
    assert!(!is_good(&app, &authority(&key)).await, "after its overlap");
    assert!(is_good(&app, &authority(new)).await);
    app.clock.advance(Duration::from_mins(59));
    assert!(!is_good(&app, &authority(new)).await, "expired");
    admin.delete(&path).await.expect(200);
    assert!(!is_good(&app, &authority(new)).await, "deleted");
}

async fn of_reads_that_are_recorded_together_only_the_revoked_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let cookie = session_cookie(&app).await;
    let token = cookie.split_once('=').unwrap().1;
    let good = Authority::Session(keyward::session::cookie::token_hash(token));
    let revoked = Authority::Session(keyward::session::cookie::token_hash("no longer"));
    let before = app.audit_entries().await;
    let read = |n: u32| {
        let authority = if n.is_multiple_of(3) { revoked.clone() } else { good.clone() };
        let actor = Actor::user(n, "a@b", Origin::default()).authorised_by(authority);
        let (audit, db) = (app.state.audit.clone(), app.state.db.clone());
        tokio::spawn(async move { audit.record(&db, actor.did(Action::SecretRead, None)).await })
    };
    let reads: Vec<_> = (0..60).map(|n| (n, read(n))).collect();
    for (n, recorded) in reads {
        assert_eq!(recorded.await.unwrap().is_err(), n.is_multiple_of(3), "{n}");
    }
    assert_eq!(app.audit_entries().await, before + 40);
}

/// A client that takes little at a time: most of the log is not sent yet when it has the head.
async fn an_export_is_cut_off_when_its_session_ends(backend: Backend) {
    const ENTRIES: usize = 4_000;
    let app = App::start(backend).await;
    let event = Actor::command_line().did(Action::SecretRead, None).with_detail("x".repeat(8_000));
    for _ in 0..4 {
        let events = vec![event.clone(); ENTRIES / 4];
        app.state.audit.record_all(&app.state.db, events).await.unwrap();
    }
    for ends in [false, true] {
        let cookie = session_cookie(&app).await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut stream = socket.connect(app.address).await.unwrap();
        let path = "/api/admin/audit/export?action=secret";
        let host = app.address;
        let head =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n{cookie}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 1_000];
        stream.read_exact(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 "));
        if ends {
            sign_out(&app, &cookie).await;
        }
        // The connection may be reset.
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        let lines = answer.matches("\"secret.read\"").count();
        // The last chunk of an answer that is whole (RFC 9112, section 7.1).
        let is_whole = answer.ends_with("\r\n0\r\n\r\n");
        assert_eq!((is_whole, lines == ENTRIES), (!ends, !ends), "{lines} entries");
    }
}

/// The one test here that takes its time: nothing moves this clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_arrive_in_10_s_is_refused_and_the_connection_closed() {
    let app = App::start(Backend::Sqlite).await;
    let cookie = session_cookie(&app).await;
    let body = json!({ "name": "late" }).to_string();
    let mut request = SlowRequest::begin(&app, "POST /api/keys", &cookie, &body).await;
    let start = Instant::now();
    let mut answer = String::new();
    request.stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body_too_slow"), "{answer}");
    assert!(start.elapsed() > Duration::from_secs(8));
    assert_eq!(app.admin().await.keys().await, json!([]));
}

/// More than are waited for at a time, none with a credential: verification, and bodies that
/// come with their heads, go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_slow_bodies_of_anybody_hold_up_nobody_else() {
    let app = App::start(Backend::Sqlite).await;
    let admin = app.admin().await;
    let (_, key) = admin.create_key(&json!({ "name": "n" })).await;
    let body = json!({ "key": "LATE", "value": "v" }).to_string();
    let begin = |_| SlowRequest::begin(&app, "POST /api/secrets", "x-nothing: 1", &body);
    let slow = futures_util::future::join_all((0..150).map(begin)).await;
    app.verify(&key).await.expect(200);
    admin.create_key(&json!({ "name": "m" })).await;
    let ends = slow.into_iter().map(SlowRequest::end);
    let answers = futures_util::future::join_all(ends).await;
    let count = |status: &str| answers.iter().filter(|a| a.starts_with(status)).count();
    assert_eq!((count("HTTP/1.1 401 "), count("HTTP/1.1 503 ")), (128, 22));
}
