//! Guessing passwords: what a flood of it may do, and what it may not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::session::password::{Lane, PLACES};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::json;

use crate::support::{
    Answer, App, Backend, Client, EMAIL, PASSWORD, TestDatabase, on_both_databases,
};

on_both_databases!(
    during_a_flood_a_known_browser_a_known_address_and_a_new_network_sign_in,
    a_flood_without_the_cookie_is_refused_with_retry_after,
    guesses_at_the_same_time_are_not_free,
    right_passwords_are_never_counted,
    a_full_queue_is_503_with_retry_after_and_a_known_browser_still_signs_in,
    a_browser_is_known_at_every_server_and_after_signing_out_for_its_account_alone,
    throttled_sign_ins_are_recorded_once_a_minute,
    known_and_unknown_accounts_are_limited_alike,
);

/// An account with a proxy in front, so that a test sends from any address.
async fn behind_a_proxy(backend: Backend) -> App {
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", EMAIL),
        ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
        ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    App::with(TestDatabase::new(backend).await, &variables).await
}

async fn try_from(client: &Client, address: &str, email: &str, password: &str) -> Answer {
    let headers =
        [("x-forwarded-for", address.as_bytes()), ("content-type", b"application/json".as_slice())];
    let body = json!({ "email": email, "password": password }).to_string().into_bytes();
    client.send(Method::POST, "/api/session", &headers, Some(body)).await
}

/// What is left of failures from 200 addresses, 20 of each, and from 300 /64 of one /48: as the
/// handler counts them, without the 12 000 hashes that it takes before.
fn flood(app: &App) {
    let v4 = (0..200).map(|n| IpAddr::from(Ipv4Addr::new(192, 0, 2, n)));
    let v6 = (0..300).map(|n| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, n, 0, 0, 0, 1)));
    for address in v4.chain(v6).flat_map(|address| std::iter::repeat_n(address, 20)) {
        let attempt = app.state.sign_in.limit.attempt(Some(address), EMAIL, None);
        // What is not given back is a failure.
        drop(attempt);
    }
}

async fn during_a_flood_a_known_browser_a_known_address_and_a_new_network_sign_in(
    backend: Backend,
) {
    let app = behind_a_proxy(backend).await;
    // A browser, and an address that is new no longer: three failed before one signed in.
    let known = app.anonymous();
    for _ in 0..3 {
        try_from(&app.anonymous(), "198.51.100.1", EMAIL, "mistyped").await.expect(401);
    }
    try_from(&known, "198.51.100.1", EMAIL, PASSWORD).await.expect(200);
    for second in 0..3 {
        flood(&app);
        try_from(&app.anonymous(), "192.0.2.7", EMAIL, "guess").await.expect(429);
        try_from(&app.anonymous(), "192.0.2.7", EMAIL, PASSWORD).await.expect(429);
        // A known browser from anywhere, an address of the attacker included.
        try_from(&known, "192.0.2.7", EMAIL, PASSWORD).await.expect(200);
        try_from(&known, "2001:db8:0:1::1", EMAIL, PASSWORD).await.expect(200);
        // The known address, by another browser.
        try_from(&app.anonymous(), "198.51.100.1", EMAIL, PASSWORD).await.expect(200);
        // New networks, which may mistype as well.
        for new in [format!("203.0.113.{second}"), format!("2001:db8:{second}1::1")] {
            try_from(&app.anonymous(), &new, EMAIL, "mistyped").await.expect(401);
            try_from(&app.anonymous(), &new, EMAIL, PASSWORD).await.expect(200);
        }
        app.clock.advance(Duration::from_secs(1));
    }
}

async fn a_flood_without_the_cookie_is_refused_with_retry_after(backend: Backend) {
    let app = behind_a_proxy(backend).await;
    flood(&app);
    let client = app.anonymous();
    let refused = try_from(&client, "192.0.2.1", "  ADA@example.com ", "guess").await;
    assert_eq!(refused.header("retry-after"), "2");
    let message = "Too many attempts; try again in 2 s";
    refused.expect_problem(429, "too_many_attempts", message);
    app.clock.advance(Duration::from_secs(2));
    try_from(&client, "192.0.2.1", EMAIL, "guess").await.expect(401);
    try_from(&client, "192.0.2.1", EMAIL, "guess").await.expect(429);
    // Another account is not concerned.
    try_from(&client, "192.0.2.1", "bob@example.com", "guess").await.expect(401);
}

async fn guesses_at_the_same_time_are_not_free(backend: Backend) {
    let app = behind_a_proxy(backend).await;
    let client = app.anonymous();
    let mut judged = 0;
    // Some of them find the queue full, and were no guesses.
    for _ in 0..4 {
        let guesses = (0..60).map(|_| try_from(&client, "192.0.2.1", EMAIL, "guess"));
        for answer in join_all(guesses).await {
            assert!([401, 429, 503].contains(&answer.status), "{answer:?}");
            judged += usize::from(answer.status == 401);
        }
    }
    assert_eq!(judged, 20);
}

async fn right_passwords_are_never_counted(backend: Backend) {
    let app = behind_a_proxy(backend).await;
    for _ in 0..35 {
        try_from(&app.anonymous(), "192.0.2.1", EMAIL, PASSWORD).await.expect(200);
    }
    // Nor do they forgive: who has an account gains no guesses by signing in to it.
    let mut guesses = 0;
    while try_from(&app.anonymous(), "192.0.2.1", "bob@example.com", "guess").await.status == 401 {
        try_from(&app.anonymous(), "192.0.2.1", EMAIL, PASSWORD).await;
        guesses += 1;
    }
    assert_eq!(guesses, 20);
}

async fn a_full_queue_is_503_with_retry_after_and_a_known_browser_still_signs_in(backend: Backend) {
    let app = behind_a_proxy(backend).await;
    let known = app.anonymous();
    try_from(&known, "198.51.100.1", EMAIL, PASSWORD).await.expect(200);
    let passwords = &app.state.sign_in.passwords;
    let fill = |lane| (0..PLACES).map(move |_| passwords.enter(lane).unwrap());
    let mut waiting: Vec<_> = fill(Lane::New).chain(fill(Lane::Crowd)).collect();
    // More often than anybody may fail: what is not judged is not counted.
    for _ in 0..40 {
        let busy = try_from(&app.anonymous(), "203.0.113.1", EMAIL, PASSWORD).await;
        assert_eq!(busy.header("retry-after"), "2");
        let message = "Too many people are signing in; try again in 2 s";
        busy.expect_problem(503, "sign_in_busy", message);
    }
    try_from(&known, "203.0.113.1", EMAIL, PASSWORD).await.expect(200);
    try_from(&known, "203.0.113.1", EMAIL, "mistyped").await.expect(401);
    waiting.clear();
    try_from(&app.anonymous(), "203.0.113.1", EMAIL, PASSWORD).await.expect(200);
}

async fn a_browser_is_known_at_every_server_and_after_signing_out_for_its_account_alone(
    backend: Backend,
) {
    let app = behind_a_proxy(backend).await;
    let answer = try_from(&app.anonymous(), "198.51.100.1", EMAIL, PASSWORD).await.expect(200);
    let known = answer.cookie("keyward_browser").unwrap().to_owned();
    // Another server of the database, which knows nothing but the root key.
    let other = app.sibling().await;
    let cookie = format!("keyward_browser_{}={known}", other.address.port());
    let guess = async |email: &str, cookie: &str| {
        let headers: [(&str, &[u8]); 2] =
            [("cookie", cookie.as_bytes()), ("content-type", b"application/json")];
        let body = json!({ "email": email, "password": "guess" }).to_string().into_bytes();
        other.anonymous().send(Method::POST, "/api/session", &headers, Some(body)).await.status
    };
    // Everybody comes from one address, which may fail 20 times: half of them at each of two servers
    // that know of each other.
    let mut failed = 0;
    while guess(&format!("{failed}@example.com"), &cookie).await == 401 {
        failed += 1;
    }
    let alone = backend == Backend::Sqlite;
    assert!(failed <= 20 && failed >= if alone { 20 } else { 10 }, "{failed}");
    assert_eq!(guess("bob@example.com", &cookie).await, 429);
    assert_eq!(guess(EMAIL, "").await, 429);
    assert_eq!(guess(EMAIL, &cookie).await, 401);
    // Signing out ends the session, and not that the browser is known.
    let client = app.anonymous();
    let answer = try_from(&client, "198.51.100.1", EMAIL, PASSWORD).await.expect(200);
    assert!(answer.cookie("keyward_browser").is_some());
    let signed_out = client.delete("/api/session").await.expect(200);
    assert!(signed_out.cookie("keyward_session").is_some());
    assert!(signed_out.cookie("keyward_browser").is_none());
}

async fn throttled_sign_ins_are_recorded_once_a_minute(backend: Backend) {
    use keyward::audit::entity::log;
    let app = behind_a_proxy(backend).await;
    flood(&app);
    for _ in 0..5 {
        try_from(&app.anonymous(), "192.0.2.1", EMAIL, "guess").await.expect(429);
    }
    app.state.refusals.flush().await.unwrap();
    let entries = log::Entity::find().order_by_asc(log::Column::Seq).all(&app.state.db).await;
    let entries = entries.unwrap();
    let [.., first, folded] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(first.detail.as_deref(), Some("too many failures before"));
    assert_eq!(folded.detail.as_deref(), Some("4 more within a minute"));
    for entry in [first, folded] {
        assert_eq!((entry.action.as_str(), entry.outcome.as_str()), ("session.create", "refused"));
        assert_eq!(entry.address.as_deref(), Some("192.0.2.1"));
    }
}

async fn known_and_unknown_accounts_are_limited_alike(backend: Backend) {
    let mut seen = Vec::new();
    for email in [EMAIL, "nobody@example.com"] {
        let app = behind_a_proxy(backend).await;
        let client = app.anonymous();
        let mut answers = Vec::new();
        for n in 0..40 {
            let address = format!("192.0.2.{}", n % 2);
            let answer = try_from(&client, &address, email, "guess").await;
            answers.push((answer.status, answer.header("retry-after").to_owned(), answer.text));
        }
        seen.push(answers);
    }
    assert_eq!(seen[0], seen[1]);
}
