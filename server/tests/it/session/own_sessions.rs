//! The sessions of a person, as they see and end them.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::audit::{Actor, Origin};
use keyward::session::account::Own;
use keyward::session::cookie::token_hash;
use serde_json::{Value, json};

use super::authenticator::{add_user, enrol, last_event, sign_in};
use crate::support::{App, Backend, Client, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(
    a_person_sees_the_own_sessions_and_nobody_elses,
    one_is_ended_from_elsewhere_and_the_own_one_with_its_cookie,
    what_is_no_session_of_the_person_is_not_found,
    all_others_are_ended_at_once,
    pages_of_sessions_follow_each_other,
    of_two_who_end_each_other_at_least_one_goes,
    a_session_goes_on_while_its_account_is_changed_again_and_again,
);

/// A session of a browser that calls itself so.
async fn sign_in_from(app: &App, device: &[u8]) -> (Client, String) {
    let client = app.anonymous();
    let headers = [("user-agent", device), ("content-type", b"application/json".as_slice())];
    let body = json!({ "email": EMAIL, "password": PASSWORD }).to_string().into_bytes();
    let answer = client.send(Method::POST, "/api/session", &headers, Some(body)).await;
    let token = answer.expect(200).cookie("keyward_session").unwrap().to_owned();
    (client, token)
}

async fn sessions(client: &Client) -> Vec<Value> {
    client.get("/api/sessions").await.expect(200).data().as_array().unwrap().clone()
}

async fn id(client: &Client) -> String {
    let own = sessions(client).await;
    let current: Vec<_> = own.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1, "{own:?}");
    current[0]["id"].as_str().unwrap().to_owned()
}

async fn end(client: &Client, id: &str) -> crate::support::Answer {
    client.delete(&format!("/api/sessions/{id}")).await
}

async fn a_person_sees_the_own_sessions_and_nobody_elses(backend: Backend) {
    let app = App::start(backend).await;
    add_user(&app, "bob@example.com", "viewer").await;
    let bob = app.anonymous();
    sign_in(&bob, "bob@example.com", None).await.expect(200);
    let (first, token) = sign_in_from(&app, b"Firefox \xe2\x80\xae on Linux").await;
    app.clock.advance(Duration::from_mins(5));
    let (second, _) = sign_in_from(&app, b"curl/8").await;
    app.clock.advance(Duration::from_mins(5));
    let own = sessions(&first).await;
    let expected = json!({
        "id": &token_hash(&token)[..32], "current": true, "device": "Firefox  on Linux",
        "address": "127.0.0.1", "signedInBy": "password", "createdAt": "2026-01-01T12:00:00Z",
        "lastSeenAt": "2026-01-01T12:10:00Z", "expiresAt": "2026-01-08T12:00:00Z",
    });
    assert_eq!(own[0], expected);
    assert_eq!((&own[1]["device"], &own[1]["current"]), (&json!("curl/8"), &json!(false)));
    assert_eq!(own[1]["lastSeenAt"], "2026-01-01T12:05:00Z");
    assert_eq!(own.len(), 2);
    // The one that was used last comes first.
    app.clock.advance(Duration::from_mins(5));
    let own = sessions(&second).await;
    assert_eq!((&own[0]["device"], &own[0]["current"]), (&json!("curl/8"), &json!(true)));
    assert_eq!(sessions(&bob).await.len(), 1);
    // The id opens nothing, and more of the hash than it is not shown.
    let text = first.get("/api/sessions").await.text;
    assert!(!text.contains(&token_hash(&token)[..33]) && !text.contains(&token));
    // One that has ended is not shown.
    app.clock.advance(Duration::from_hours(11));
    assert_eq!(sessions(&first).await.len(), 2);
    app.clock.advance(Duration::from_hours(1));
    assert_eq!(sessions(&first).await.len(), 1);
    app.anonymous().get("/api/sessions").await.expect(401);
}

async fn one_is_ended_from_elsewhere_and_the_own_one_with_its_cookie(backend: Backend) {
    let app = App::start(backend).await;
    let other_server = app.sibling().await;
    let (here, there) = (app.admin().await, other_server.admin().await);
    let answer = end(&here, &id(&there).await).await.expect(200);
    assert_eq!((answer.data(), answer.header("set-cookie")), (json!({ "deleted": true }), ""));
    there.get("/api/session").await.expect(401);
    let event = last_event(&here, "session.delete").await;
    assert_eq!(event["target"], EMAIL);
    assert_eq!(event["detail"], "the session of 2026-01-01T12:00:00Z from 127.0.0.1");
    let answer = end(&here, &id(&here).await).await.expect(200);
    assert!(answer.header("set-cookie").contains("Max-Age=0"), "{answer:?}");
    here.get("/api/session").await.expect(401);
    let ended = app.admin().await.audit_log("&action=session.delete").await;
    assert_eq!(ended.len(), 2);
}

async fn what_is_no_session_of_the_person_is_not_found(backend: Backend) {
    let app = App::start(backend).await;
    add_user(&app, "bob@example.com", "admin").await;
    let (ada, bob) = (app.admin().await, app.anonymous());
    sign_in(&bob, "bob@example.com", None).await.expect(200);
    let own = id(&ada).await;
    let before = app.audit_entries().await;
    let others = id(&bob).await;
    let odd = [
        others.clone(),
        "0".repeat(32),
        own[..31].to_owned(),
        format!("{own}0"),
        own.to_uppercase().replace(char::is_numeric, "A"),
        "%00".to_owned(),
        "%ff".to_owned(),
        "_".repeat(32),
        "%25".repeat(32),
        "a".repeat(5_000),
    ];
    for odd in odd {
        end(&ada, &odd).await.expect_problem(404, "session_not_found", "Session not found");
    }
    end(&app.anonymous(), &others).await.expect(401);
    bob.get("/api/session").await.expect(200);
    ada.get("/api/session").await.expect(200);
    assert_eq!(app.audit_entries().await, before);
}

async fn all_others_are_ended_at_once(backend: Backend) {
    let app = App::start(backend).await;
    add_user(&app, "bob@example.com", "viewer").await;
    let (here, bob) = (app.admin().await, app.anonymous());
    sign_in(&bob, "bob@example.com", None).await.expect(200);
    let others = [app.admin().await, app.admin().await];
    let answer = here.delete("/api/sessions").await.expect(200);
    assert_eq!((answer.data(), answer.header("set-cookie")), (json!({ "ended": 2 }), ""));
    for other in others {
        other.get("/api/session").await.expect(401);
    }
    bob.get("/api/session").await.expect(200);
    assert_eq!(last_event(&here, "session.delete").await["detail"], "2 other sessions ended");
    let before = app.audit_entries().await;
    assert_eq!(here.delete("/api/sessions").await.expect(200).data(), json!({ "ended": 0 }));
    assert_eq!(app.audit_entries().await, before);
}

async fn pages_of_sessions_follow_each_other(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    // Two that were used at the same time.
    for _ in 0..2 {
        app.admin().await;
    }
    let all = sessions(&client).await;
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = client.get(&format!("/api/sessions?limit=1{cursor}")).await.expect(200).body();
        assert_eq!(page["total"], 3);
        found.extend(page["data"].as_array().unwrap().clone());
        let next = page["nextCursor"].as_str();
        assert_eq!(next.is_none(), found.len() == 3, "{page}");
        cursor = next.map(|next| format!("&cursor={next}")).unwrap_or_default();
    }
    assert_eq!(found, all);
    for odd in ["limit=0", "limit=1001", "cursor=x", "cursor=", "cursor=bnVsbA", "q=a", "x=1"] {
        client.get(&format!("/api/sessions?{odd}")).await.expect(400);
    }
}

async fn of_two_who_end_each_other_at_least_one_goes(backend: Backend) {
    let app = App::start(backend).await;
    for _ in 0..3 {
        let (one, other) = (app.admin().await, app.admin().await);
        let ids = (id(&one).await, id(&other).await);
        let (by_one, by_other) = tokio::join!(end(&one, &ids.1), end(&other, &ids.0));
        let done = [&by_one, &by_other].iter().filter(|answer| answer.status == 200).count();
        // The second has no session any more, and so changes nothing.
        assert_eq!(done, 1, "{by_one:?} {by_other:?}");
        let statuses = [by_one.status, by_other.status];
        assert!(statuses.contains(&401), "{statuses:?}");
    }
}

/// A row is read apart from the set it is in: a change in between must not make it a stranger's.
async fn a_session_goes_on_while_its_account_is_changed_again_and_again(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    let client = app.anonymous();
    let answer = client.sign_in().await;
    let hash = token_hash(answer.cookie("keyward_session").unwrap());
    enrol(&app, &client).await;
    let there = client_with(&other, answer.cookie("keyward_session").unwrap());
    let people = app.state.people.clone();
    let changes = async {
        for _ in 0..60 {
            let session = people.use_session(&hash, app.clock.now()).await.unwrap().unwrap();
            let actor = Actor::user(session.user.id, EMAIL, Origin::default());
            let own = Own { session: &session, actor: &actor };
            app.state.sign_in.accounts.renew_recovery_codes(own).await.unwrap();
        }
    };
    let requests = async {
        for _ in 0..60 {
            let here = (0..4).map(|_| client.get("/api/session"));
            for answer in join_all(here).await {
                answer.expect(200);
            }
            there().await.expect(200);
        }
    };
    tokio::join!(changes, requests);
}

/// Asks another server who is signed in with this token.
fn client_with(app: &App, token: &str) -> impl AsyncFn() -> crate::support::Answer {
    let cookie = format!("keyward_session_{}={token}", app.address.port());
    let client = app.anonymous();
    async move || client.get_with("/api/session", &[("cookie", cookie.as_bytes())]).await
}
