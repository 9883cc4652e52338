//! Changing the own password.

use std::time::Duration;

use serde_json::{Value, json};

use super::authenticator::{add_user, last_event, set_user, sign_in, user};
use crate::support::{App, Backend, Client, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(
    a_changed_password_is_asked_for_and_ends_all_other_sessions,
    what_is_no_change_of_password_is_refused_and_changes_nothing,
    wrong_passwords_are_limited_and_recorded_as_those_of_a_sign_in,
    of_two_changes_at_once_one_is_made,
    an_account_without_a_password_has_none_to_change_and_none_to_sign_in_with,
    a_role_is_read_with_each_request_and_a_disabled_person_is_out_at_once,
);

const NEW: &str = "staple another battery";

async fn change(client: &Client, current: &str, new: &str) -> crate::support::Answer {
    client.put("/api/session/password", &json!({ "current": current, "new": new })).await
}

async fn signs_in_with(app: &App, password: &str) -> bool {
    let body = json!({ "email": EMAIL, "password": password });
    match app.anonymous().post("/api/session", &body).await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

async fn a_changed_password_is_asked_for_and_ends_all_other_sessions(backend: Backend) {
    let app = App::start(backend).await;
    let other = app.sibling().await;
    add_user(&app, "bob@example.com", "viewer").await;
    let (here, there, elsewhere) = (app.admin().await, app.admin().await, other.admin().await);
    let bob = app.anonymous();
    sign_in(&bob, "bob@example.com", None).await.expect(200);
    let before = here.get("/api/session").await.expect(200).data();
    let answer = change(&here, PASSWORD, NEW).await.expect(200);
    assert_eq!(answer.data(), before);
    assert_eq!(here.get("/api/session").await.expect(200).data(), before);
    there.get("/api/session").await.expect(401);
    elsewhere.get("/api/session").await.expect(401);
    bob.get("/api/session").await.expect(200);
    assert!(!signs_in_with(&app, PASSWORD).await && signs_in_with(&app, NEW).await);
    let event = last_event(&here, "user.password").await;
    assert_eq!(event["detail"], "2 other sessions ended");
    assert_eq!((&event["target"], &event["outcome"]), (&json!(EMAIL), &json!("success")));
    assert_eq!(event["actor"]["name"], EMAIL, "{event}");
    // Anybody changes the own one.
    change(&bob, PASSWORD, NEW).await.expect(200);
}

async fn what_is_no_change_of_password_is_refused_and_changes_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let (client, other) = (app.admin().await, app.admin().await);
    let before = user(&app, EMAIL).await;
    let long = "p".repeat(201);
    for (body, field, message) in [
        (json!({ "current": "planted-guess", "new": NEW }), "current", "Password is wrong"),
        (json!({ "current": "", "new": NEW }), "current", "Password is wrong"),
        (
            json!({ "current": PASSWORD, "new": PASSWORD }),
            "new",
            "The new password must be another one",
        ),
        (
            json!({ "current": PASSWORD, "new": "short" }),
            "new",
            "Password must have 10 to 200 characters",
        ),
        (
            json!({ "current": PASSWORD, "new": long }),
            "new",
            "Password must have 10 to 200 characters",
        ),
        (json!({ "current": PASSWORD }), "new", "New is required"),
        (json!({ "new": NEW }), "current", "Current is required"),
        (json!({ "current": 5, "new": NEW }), "current", "Expected a string"),
        (json!({ "current": PASSWORD, "new": NEW, "email": "a@b" }), "email", "Unknown field"),
    ] {
        let answer = client.put("/api/session/password", &body).await;
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], field, "{body}");
        assert!(!answer.text.contains("planted"));
    }
    let nobody = change(&app.anonymous(), PASSWORD, NEW).await;
    nobody.expect_problem(401, "unauthenticated", "A valid credential is required");
    assert_eq!(user(&app, EMAIL).await, before);
    other.get("/api/session").await.expect(200);
    assert!(signs_in_with(&app, PASSWORD).await);
}

async fn wrong_passwords_are_limited_and_recorded_as_those_of_a_sign_in(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let guess = async || change(&client, "planted-guess", NEW).await;
    for _ in 0..19 {
        guess().await.expect(400);
    }
    let disable = "/api/session/totp/disable";
    client.post(disable, &json!({ "password": "planted-guess" })).await.expect(400);
    // All of them, and signing in from the same browser, have one allowance.
    let message = "Too many attempts; try again in 10 s";
    guess().await.expect_problem(429, "too_many_attempts", message);
    let right = change(&client, PASSWORD, NEW).await;
    assert_eq!(right.expect(429).header("retry-after"), "10");
    client.post(disable, &json!({ "password": PASSWORD })).await.expect(429);
    sign_in(&client, EMAIL, None).await.expect(429);
    app.clock.advance(Duration::from_secs(10));
    app.state.refusals.flush().await.unwrap();
    let refused = client.audit_log("&action=user.password&outcome=refused").await;
    let details: Vec<_> = refused.iter().map(|entry| entry["detail"].as_str().unwrap()).collect();
    assert!(details.contains(&"the password is wrong"), "{details:?}");
    assert!(details.contains(&"18 more within a minute"), "{details:?}");
    assert!(details.contains(&"too many failures before"), "{details:?}");
    assert!(refused.iter().all(|entry| entry["actor"]["name"] == EMAIL), "{refused:?}");
    assert!(!format!("{refused:?}").contains("planted"));
    // What is right is never counted.
    change(&client, PASSWORD, NEW).await.expect(200);
    change(&client, NEW, PASSWORD).await.expect(200);
}

async fn of_two_changes_at_once_one_is_made(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    let (one, other) = tokio::join!(
        change(&client, PASSWORD, "the first of the two"),
        change(&client, PASSWORD, "the second of the two"),
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400], "{one:?} {other:?}");
    assert_eq!(signs_in_with(&app, "the first of the two").await, one.status == 200);
    assert_eq!(signs_in_with(&app, "the second of the two").await, other.status == 200);
    client.get("/api/session").await.expect(200);
}

async fn an_account_without_a_password_has_none_to_change_and_none_to_sign_in_with(
    backend: Backend,
) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    set_user(&app, EMAIL, "password_hash = ''").await;
    assert_eq!(client.get("/api/session").await.expect(200).data()["hasPassword"], false);
    let none = json!({ "password": "" });
    for answer in [
        change(&client, "", NEW).await,
        client.post("/api/session/totp", &Value::Null).await,
        client.post("/api/session/totp/disable", &none).await,
        client.post("/api/session/totp/recovery-codes", &none).await,
        client.put("/api/session/totp", &json!({ "password": "", "secret": "", "code": "" })).await,
    ] {
        let message = "This account signs in with single sign-on; it has no password";
        answer.expect_problem(409, "no_password", message);
    }
    for password in ["", PASSWORD] {
        assert!(!signs_in_with(&app, password).await);
    }
}

async fn a_role_is_read_with_each_request_and_a_disabled_person_is_out_at_once(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.admin().await;
    assert_eq!(client.get("/api/session").await.expect(200).data()["role"], "admin");
    set_user(&app, EMAIL, "role = 'viewer'").await;
    assert_eq!(client.get("/api/session").await.expect(200).data()["role"], "viewer");
    client.post("/api/keys", &json!({ "name": "n" })).await.expect(403);
    set_user(&app, EMAIL, "is_disabled = TRUE").await;
    client.get("/api/session").await.expect(401);
    client.get("/api/sessions").await.expect(401);
    change(&client, PASSWORD, NEW).await.expect(401);
    // As with a wrong password: that it is right is nobody's business.
    let answer = sign_in(&app.anonymous(), EMAIL, None).await;
    answer.expect_problem(401, "wrong_credentials", "Email or password is wrong");
    set_user(&app, EMAIL, "is_disabled = FALSE").await;
    client.get("/api/session").await.expect(200);
}
