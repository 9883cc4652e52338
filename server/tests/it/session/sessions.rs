//! Signing in and out.

use std::time::Duration;

use http::Method;
use keyward::session::entity::sessions;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::support::{App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get,
    over_https_the_cookies_are_secure_and_of_this_host_alone,
    two_servers_on_one_host_do_not_sign_each_other_out,
    an_unknown_address_and_a_wrong_password_are_answered_alike,
    signing_out_ends_the_session_on_the_server,
    a_session_ends_when_it_is_idle_for_12_hours_or_7_days_old,
    writes_sent_by_another_site_are_refused,
    the_database_holds_neither_token_nor_password,
);

async fn signing_in_sets_a_cookie_that_scripts_and_other_sites_do_not_get(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    let body = json!({ "email": " Ada@Example.com", "password": PASSWORD });
    let answer = client.post("/api/session", &body).await.expect(200);
    let cookie = answer.header("set-cookie");
    let (name, attributes) = cookie.split_once('=').unwrap();
    assert_eq!(name, format!("keyward_session_{}", app.address.port()));
    let (token, attributes) = attributes.split_once("; ").unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Path=/; Max-Age=604800");
    let browser = answer.headers.get_all("set-cookie").iter().nth(1).unwrap().to_str().unwrap();
    assert!(browser.starts_with(&format!("keyward_browser_{}=", app.address.port())), "{browser}");
    assert!(
        browser.ends_with("; HttpOnly; SameSite=Strict; Path=/; Max-Age=15552000"),
        "{browser}"
    );
    let me = client.get("/api/session").await.expect(200).data();
    assert_eq!((&me["email"], &me["expiresAt"]), (&json!(EMAIL), &json!("2026-01-08T12:00:00Z")));
    assert_eq!(answer.data(), me);
}

async fn over_https_the_cookies_are_secure_and_of_this_host_alone(backend: Backend) {
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", EMAIL),
        ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
        ("KEYWARD_PUBLIC_URL", "https://keys.example"),
    ];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let answer = app.anonymous().sign_in().await;
    assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    assert_eq!(answer.data()["publicUrl"], "https://keys.example");
    let session = format!("__Host-keyward_session={}", answer.cookie("__Host-keyward_s").unwrap());
    let client = app.anonymous();
    let cookie = [("cookie", session.as_bytes())];
    let signed_out = client.send(Method::DELETE, "/api/session", &cookie, None).await.expect(200);
    // A browser takes neither the one nor the other without these (RFC 6265bis, 4.1.3.2).
    let set = [&answer, &signed_out].map(|answer| answer.headers.get_all("set-cookie"));
    let set: Vec<_> = set.iter().flatten().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(set.len(), 3);
    for cookie in set {
        assert!(cookie.starts_with("__Host-keyward_"), "{cookie}");
        assert!(cookie.contains("; Secure") && cookie.contains("; Path=/"), "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

async fn two_servers_on_one_host_do_not_sign_each_other_out(backend: Backend) {
    let (one, other) = (App::start(backend).await, App::start(backend).await);
    // One jar for both, as a browser has: cookies ignore ports.
    let client = one.anonymous();
    let at = |app: &App| client.at(app.address);
    at(&one).sign_in().await;
    at(&other).sign_in().await;
    at(&one).get("/api/session").await.expect(200);
    at(&other).delete("/api/session").await.expect(200);
    at(&other).get("/api/session").await.expect(401);
    at(&one).get("/api/session").await.expect(200);
}

async fn an_unknown_address_and_a_wrong_password_are_answered_alike(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    let mut bodies = Vec::new();
    for (email, password) in [
        (EMAIL, "wrong password"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("a\0b@example.com", PASSWORD),
        (EMAIL, ""),
        ("", ""),
    ] {
        let body = json!({ "email": email, "password": password });
        let answer = client.post("/api/session", &body).await;
        let answer = answer.expect_problem(401, "wrong_credentials", "Email or password is wrong");
        assert_eq!(answer.header("set-cookie"), "");
        bodies.push(answer.text);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    client.get("/api/session").await.expect(401);
}

async fn signing_out_ends_the_session_on_the_server(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    let answer = client.sign_in().await;
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let stolen = [("cookie", cookie.as_bytes())];
    app.anonymous().get_with("/api/session", &stolen).await.expect(200);
    let signed_out = client.delete("/api/session").await.expect(200);
    assert!(signed_out.header("set-cookie").contains("Max-Age=0"), "{signed_out:?}");
    app.anonymous().get_with("/api/session", &stolen).await.expect(401);
    client.delete("/api/session").await.expect(401);
}

async fn a_session_ends_when_it_is_idle_for_12_hours_or_7_days_old(backend: Backend) {
    let app = App::start(backend).await;
    let idle = app.admin().await;
    app.clock.advance(Duration::from_secs(12 * 3600 - 1));
    idle.get("/api/session").await.expect(200);
    app.clock.advance(Duration::from_secs(12 * 3600 - 1));
    idle.get("/api/session").await.expect(200);
    app.clock.advance(Duration::from_hours(12));
    idle.get("/api/session").await.expect(401);

    let busy = app.admin().await;
    let left = sessions::Entity::find().count(&app.state.db).await.unwrap();
    assert_eq!(left, 1, "signing in clears ended sessions away");
    for _ in 0..7 * 4 - 1 {
        app.clock.advance(Duration::from_hours(6));
        busy.get("/api/session").await.expect(200);
    }
    app.clock.advance(Duration::from_hours(6));
    busy.get("/api/session").await.expect(401);
}

async fn writes_sent_by_another_site_are_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.create_key(&json!({ "name": "kept" })).await;
    let before = admin.keys().await;
    let id = before[0]["id"].as_str().unwrap();
    let elsewhere: [&[(&str, &[u8])]; 4] = [
        &[("sec-fetch-site", b"cross-site"), ("origin", b"https://elsewhere.example")],
        &[("sec-fetch-site", b"same-site"), ("origin", b"http://127.0.0.1:1")],
        &[("origin", b"https://elsewhere.example")],
        &[("origin", b"null")],
    ];
    for headers in elsewhere {
        let mut headers = headers.to_vec();
        headers.push(("content-type", b"application/json"));
        let body = || Some(br#"{"name":"forged"}"#.to_vec());
        for answer in [
            admin.send(Method::POST, "/api/keys", &headers, body()).await,
            admin.send(Method::DELETE, &format!("/api/keys/{id}"), &headers, None).await,
            admin.send(Method::DELETE, "/api/session", &headers, None).await,
        ] {
            let message = format!(
                "This request came from another site and was refused. Keyward is used at \
                 http://{} (KEYWARD_PUBLIC_URL)",
                app.address
            );
            answer.expect_problem(403, "cross_site_request", &message);
        }
    }
    assert_eq!(admin.keys().await, before);
    let own = format!("http://{}", app.address);
    let headers: [(&str, &[u8]); 2] =
        [("origin", own.as_bytes()), ("content-type", b"application/json")];
    let body = Some(br#"{"name":"own"}"#.to_vec());
    admin.send(Method::POST, "/api/keys", &headers, body).await.expect(200);
}

async fn the_database_holds_neither_token_nor_password(backend: Backend) {
    use keyward::session::entity::users;
    let app = App::start(backend).await;
    let client = app.anonymous();
    let answer = client.sign_in().await;
    let token = answer.cookie("keyward_session").unwrap().to_owned();
    let browser = answer.cookie("keyward_browser").unwrap();
    let users = users::Entity::find().all(&app.state.db).await.unwrap();
    let sessions = sessions::Entity::find().all(&app.state.db).await.unwrap();
    assert_eq!(sessions[0].token_hash, keyward::session::cookie::token_hash(&token));
    let stored = format!("{users:?} {sessions:?}");
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert!(!stored.contains(&token) && !stored.contains(PASSWORD) && !stored.contains(browser));
}
