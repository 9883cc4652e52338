//! Invitations: one link, one account, once.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::audit::entity::log;
use keyward::session::entity::invitations;
use keyward_api::roles::Role;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::people::token;
use crate::support::{Answer, App, Backend, Client, EMAIL, PASSWORD, on_both_databases};

on_both_databases!(
    an_invitation_makes_an_account_of_its_role_once,
    a_link_that_is_not_good_any_more_is_refused_whatever_the_reason,
    an_address_that_has_an_account_or_looks_like_another_is_not_invited,
    bad_input_is_refused_and_changes_nothing,
    of_many_who_accept_at_once_one_gets_the_account,
    wrong_tokens_are_limited_and_recorded,
    the_token_is_stored_as_a_hash_alone,
    lists_are_paged_and_searched_by_address,
    what_was_made_elsewhere_takes_an_invitation_its_place,
);

const BOB: &str = "bob@example.com";
const WRONG: &str = "This invitation is not valid any more. Ask for a new one.";

async fn check(client: &Client, token: &str) -> Answer {
    client.post("/api/invitation/check", &json!({ "token": token })).await
}

async fn expect_wrong(client: &Client, token: &str) {
    check(client, token).await.expect_problem(401, "wrong_invitation", WRONG);
    let answer = client.accept_invitation(token).await;
    assert!(answer.cookie("keyward_session").is_none());
    answer.expect_problem(401, "wrong_invitation", WRONG);
}

async fn an_invitation_makes_an_account_of_its_role_once(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "email": " Bob@Example.COM ", "role": "editor" });
    let made = admin.post("/api/users/invitations", &body).await.expect(200).data();
    let link = made["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("http://{}/invitation#token=", app.address)), "{link}");
    let token = token(link);
    assert_eq!(token.len(), 43);
    for (member, value) in [
        ("email", BOB),
        ("role", "editor"),
        ("createdBy", EMAIL),
        ("createdAt", "2026-01-01T12:00:00Z"),
        ("expiresAt", "2026-01-04T12:00:00Z"),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    let listed = admin.get("/api/users/invitations").await.expect(200);
    assert!(!listed.text.contains(token) && !listed.text.contains("link"), "{listed:?}");
    assert_eq!(listed.data()[0]["id"], made["id"]);

    let bob = app.anonymous();
    for _ in 0..2 {
        let found = check(&bob, token).await.expect(200).data();
        let expected =
            json!({ "email": BOB, "role": "editor", "expiresAt": "2026-01-04T12:00:00Z" });
        assert_eq!(found, expected);
    }
    let session = bob.accept_invitation(token).await.expect(200).data();
    assert_eq!((&session["email"], &session["role"]), (&json!(BOB), &json!("editor")));
    assert_eq!(bob.get("/api/session").await.expect(200).data(), session);
    bob.add_secret("A", "v").await;
    expect_wrong(&app.anonymous(), token).await;
    assert_eq!(admin.get("/api/users/invitations").await.expect(200).data(), json!([]));

    let user = admin.user(BOB).await;
    for (member, value) in [
        ("role", json!("editor")),
        ("disabled", json!(false)),
        ("hasPassword", json!(true)),
        ("twoFactor", json!(false)),
        ("sso", json!(false)),
        ("altered", json!(false)),
        ("sessions", json!(1)),
        ("lastSignInAt", json!("2026-01-01T12:00:00Z")),
    ] {
        assert_eq!(user[member], value, "{member} of {user}");
    }
    assert_eq!(admin.user(EMAIL).await["role"], "admin");
    app.anonymous().sign_in_as(BOB).await.expect(200);

    let entries = admin.audit_log("").await;
    let entry = |action: &str, outcome: &str| {
        let is_it = |it: &&Value| it["action"] == action && it["outcome"] == outcome;
        entries.iter().find(is_it).unwrap()
    };
    let invited = entry("invitation.create", "success");
    assert_eq!((&invited["actor"]["name"], &invited["target"]), (&json!(EMAIL), &json!(BOB)));
    assert_eq!(invited["detail"], "role: editor");
    let made = entry("user.create", "success");
    assert_eq!((&made["actor"]["name"], &made["target"]), (&json!(BOB), &json!(BOB)));
    assert_eq!(made["detail"], format!("by invitation of {EMAIL}; role: editor"));
}

async fn a_link_that_is_not_good_any_more_is_refused_whatever_the_reason(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, nobody) = (app.admin().await, app.anonymous());
    let replaced = admin.invite(BOB, Role::Admin).await;
    let new = admin.invite("BOB@example.com", Role::Viewer).await;
    expect_wrong(&nobody, &replaced).await;
    assert_eq!(check(&nobody, &new).await.expect(200).data()["role"], "viewer");
    let pending = admin.get("/api/users/invitations").await.expect(200).data();
    assert_eq!(pending.as_array().unwrap().len(), 1);
    let entries = admin.audit_log("&action=invitation.create").await;
    assert_eq!(entries[0]["detail"], "role: viewer; replaces an earlier one");

    let path = format!("/api/users/invitations/{}", pending[0]["id"].as_str().unwrap());
    admin.delete(&path).await.expect(200);
    admin.delete(&path).await.expect_problem(404, "invitation_not_found", "Invitation not found");
    expect_wrong(&nobody, &new).await;
    for wrong in ["", "x", &"A".repeat(43), &"A".repeat(10_000), "' OR 1=1 --", "\0"] {
        expect_wrong(&nobody, wrong).await;
        app.clock.advance(Duration::from_mins(1));
    }

    let expiring = app.admin().await.invite(BOB, Role::Viewer).await;
    app.clock.advance(Duration::from_secs(72 * 3_600 - 1));
    check(&nobody, &expiring).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    expect_wrong(&nobody, &expiring).await;
    let admin = app.admin().await;
    assert_eq!(admin.get("/api/users/invitations").await.expect(200).data(), json!([]));
    // What has expired goes with the next one.
    admin.invite("eve@example.com", Role::Viewer).await;
    assert_eq!(invitations::Entity::find().count(&app.state.db).await.unwrap(), 1);
    assert_eq!(admin.users().await.len(), 1);
}

async fn an_address_that_has_an_account_or_looks_like_another_is_not_invited(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    admin.invite("carol@example.com", Role::Viewer).await;
    let before = app.audit_entries().await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "role": "viewer" });
        admin.post("/api/users/invitations", &body).await
    };
    for email in [EMAIL, "ADA@Example.com", " ada@example.com "] {
        let refused = invite(email).await;
        let message = format!("\"{EMAIL}\" has an account already");
        assert_eq!(refused.body()["errors"][0], json!({ "field": "email", "message": message }));
        refused.expect_problem(409, "user_exists", &message);
    }
    for (email, other) in [
        ("\u{430}da@example.com", EMAIL),
        ("ADA@ex\u{410}mple.com", EMAIL),
        ("c\u{430}rol@example.com", "carol@example.com"),
    ] {
        let refused = invite(email).await.expect(409).body();
        assert_eq!(refused["code"], "user_exists_alike", "{email}");
        assert!(refused["message"].as_str().unwrap().contains(other), "{refused}");
        assert_eq!(refused["errors"][0]["field"], "email");
    }
    assert_eq!(app.audit_entries().await, before);
    for other in ["al@example.com", "a1@example.com", "\u{e4}da@example.com"] {
        invite(other).await.expect(200);
    }
}

async fn bad_input_is_refused_and_changes_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, nobody) = (app.admin().await, app.anonymous());
    let me = admin.user_path(EMAIL).await;
    let good = admin.invite(BOB, Role::Viewer).await;
    let before = app.audit_entries().await;
    let (invitations, accept) = ("/api/users/invitations", "/api/invitation");
    let long = format!("{}@example.com", "a".repeat(250));
    for (method, path, body) in [
        (Method::POST, invitations, json!({})),
        (Method::POST, invitations, json!({ "email": "a@b" })),
        (Method::POST, invitations, json!({ "email": "", "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": "nobody", "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": long, "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": "a\u{200b}@b", "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": "a\0@b", "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": "\u{202e}a@b", "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": 7, "role": "viewer" })),
        (Method::POST, invitations, json!({ "email": "a@b", "role": "root" })),
        (Method::POST, invitations, json!({ "email": "a@b", "role": "Admin" })),
        (Method::POST, invitations, json!({ "email": "a@b", "role": null })),
        (Method::POST, invitations, json!({ "email": "a@b", "role": "viewer", "link": "x" })),
        (Method::POST, accept, json!({ "token": good })),
        (Method::POST, accept, json!({ "token": good, "password": "too short" })),
        (Method::POST, accept, json!({ "token": good, "password": "x".repeat(201) })),
        (Method::POST, accept, json!({ "token": 1, "password": PASSWORD })),
        (Method::POST, accept, json!({ "token": good, "password": PASSWORD, "role": "admin" })),
        (Method::POST, "/api/invitation/check", json!({})),
        (Method::POST, "/api/invitation/check", json!([])),
        (Method::PATCH, &me, json!({ "role": "root" })),
        (Method::PATCH, &me, json!({ "role": null })),
        (Method::PATCH, &me, json!({ "disabled": null })),
        (Method::PATCH, &me, json!({ "disabled": "yes" })),
        (Method::PATCH, &me, json!({ "email": "eve@example.com" })),
        (Method::PATCH, &me, json!([])),
    ] {
        let client = if path.starts_with("/api/users") { &admin } else { &nobody };
        let refused = client.json(method, path, &body).await;
        assert_eq!(refused.status, 400, "{path} {body}: {refused:?}");
        assert!(!refused.text.contains(&good) && !refused.text.contains("too short"));
    }
    for query in ["limit=0", "limit=x", "cursor=x", "q=%00", "sort=email", "role=admin"] {
        admin.get(&format!("/api/users?{query}")).await.expect(400);
        admin.get(&format!("{invitations}?{query}")).await.expect(400);
    }
    for id in ["x", "00000000-0000-7000-8000-000000000000", "%00", "%ff", "..%2f"] {
        let user = format!("/api/users/{id}");
        let change = json!({ "disabled": true });
        admin.patch(&user, &change).await.expect_problem(404, "user_not_found", "User not found");
        admin.delete(&user).await.expect_problem(404, "user_not_found", "User not found");
        let gone = admin.delete(&format!("{invitations}/{id}")).await;
        gone.expect_problem(404, "invitation_not_found", "Invitation not found");
    }
    // No change is none.
    admin.patch(&me, &json!({})).await.expect(200);
    admin.patch(&me, &json!({ "role": "admin", "disabled": false })).await.expect(200);
    assert_eq!(app.audit_entries().await, before);
    assert_eq!(admin.users().await.len(), 1);
    nobody.accept_invitation(&good).await.expect(200);
}

async fn of_many_who_accept_at_once_one_gets_the_account(backend: Backend) {
    let app = App::start(backend).await;
    let sibling = app.sibling().await;
    let token = app.admin().await.invite(BOB, Role::Viewer).await;
    let clients: Vec<_> = (0..4).map(|n| [&app, &sibling][n % 2].anonymous()).collect();
    let answers = join_all(clients.iter().map(|client| client.accept_invitation(&token))).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401]);
    assert_eq!(app.admin().await.users().await.len(), 2);
}

async fn wrong_tokens_are_limited_and_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let (admin, nobody) = (app.admin().await, app.anonymous());
    let good = admin.invite(BOB, Role::Viewer).await;
    for n in 0..20 {
        let answer = match n % 2 {
            0 => check(&nobody, "planted-token").await,
            _ => nobody.accept_invitation("planted-token").await,
        };
        answer.expect(401);
    }
    check(&nobody, "planted-token").await.expect(429);
    let refused = nobody.accept_invitation(&good).await.expect(429);
    assert_eq!(refused.header("retry-after"), "10");
    app.state.refusals.flush().await.unwrap();
    let refusals = log::Entity::find().filter(log::Column::Outcome.eq("refused"));
    let refusals = refusals.all(&app.state.db).await.unwrap();
    assert!(refusals.iter().all(|entry| entry.action == "user.create"), "{refusals:?}");
    let said = format!("{refusals:?}");
    assert!(said.contains("the invitation is wrong, used or expired"), "{said}");
    assert!(!said.contains("planted"), "not what was typed");
    app.clock.advance(Duration::from_secs(10));
    nobody.accept_invitation(&good).await.expect(200);
}

async fn the_token_is_stored_as_a_hash_alone(backend: Backend) {
    let app = App::start(backend).await;
    let token = app.admin().await.invite(BOB, Role::Viewer).await;
    let rows = invitations::Entity::find().all(&app.state.db).await.unwrap();
    assert_eq!(rows[0].token_hash, keyward::session::cookie::token_hash(&token));
    let log = log::Entity::find().all(&app.state.db).await.unwrap();
    assert!(!format!("{rows:?}{log:?}").contains(&token));
}

async fn lists_are_paged_and_searched_by_address(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for name in ["zoe", "B", "b_c", "\u{e9}va"] {
        let token = admin.invite(&format!("{name}@example.com"), Role::Viewer).await;
        app.anonymous().accept_invitation(&token).await.expect(200);
        admin.invite(&format!("{name}@example.org"), Role::Viewer).await;
    }
    for (path, expected) in [
        (
            "/api/users",
            "ada@example.com b@example.com b_c@example.com zoe@example.com \u{e9}va@example.com",
        ),
        (
            "/api/users/invitations",
            "b@example.org b_c@example.org zoe@example.org \u{e9}va@example.org",
        ),
    ] {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.get(&format!("{path}?limit=2{cursor}")).await.expect(200).body();
            let emails = page["data"].as_array().unwrap();
            assert!(emails.len() <= 2);
            assert_eq!(page["total"], expected.split(' ').count());
            found.extend(emails.iter().map(|it| it["email"].as_str().unwrap().to_owned()));
            let Some(next) = page["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(found.join(" "), expected);
        let searched = admin.get(&format!("{path}?q=B_")).await.expect(200).body();
        assert_eq!(
            (&searched["total"], searched["data"].as_array().unwrap().len()),
            (&json!(1), 1)
        );
    }
}

/// As single sign-on does while the invitation is pending.
async fn what_was_made_elsewhere_takes_an_invitation_its_place(backend: Backend) {
    let app = App::start(backend).await;
    let token = app.admin().await.invite(BOB, Role::Admin).await;
    let insert = "INSERT INTO users (id, email, password_hash, created_at, role) SELECT \
                  '01a2023a-d02c-76e7-ae66-f53eea645402', 'bob@example.com', '', created_at, \
                  'viewer' FROM users";
    app.execute(insert).await;
    app.accept().await;
    check(&app.anonymous(), &token).await.expect(200);
    let refused = app.anonymous().accept_invitation(&token).await;
    refused.expect_problem(401, "wrong_invitation", WRONG);
    assert_eq!(app.admin().await.user(BOB).await["role"], "viewer");
}
