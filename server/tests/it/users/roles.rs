//! Roles are given and taken, people kept out and deleted; one administrator stays.

use futures_util::future::join;
use keyward_api::roles::Role;
use serde_json::{Value, json};

use crate::support::{App, Backend, Client, EMAIL, on_both_databases};

on_both_databases!(
    a_person_is_promoted_demoted_kept_out_let_in_and_deleted,
    less_than_before_ends_the_invitations_that_the_person_made,
    an_administrator_may_give_up_the_role,
    the_last_administrator_stays,
    of_two_administrators_who_end_each_other_one_stays,
    another_server_follows_with_its_next_request,
    an_altered_account_is_listed_refused_and_can_be_deleted,
    a_refused_change_of_people_is_recorded,
);

const BOB: &str = "bob@example.com";
const EVE: &str = "eve@example.com";

async fn change(client: &Client, email: &str, body: Value) -> Value {
    let path = client.user_path(email).await;
    client.patch(&path, &body).await.expect(200).data()
}

async fn last_detail(client: &Client, action: &str) -> Value {
    let entries = client.audit_log(&format!("&action={action}&outcome=success")).await;
    entries[0]["detail"].clone()
}

async fn a_person_is_promoted_demoted_kept_out_let_in_and_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let bob = app.person(BOB, Role::Viewer).await;
    let path = admin.user_path(BOB).await;
    bob.post("/api/secrets", &json!({ "key": "A", "value": "v" })).await.expect_problem(
        403,
        "missing_role",
        "This needs the role editor",
    );
    // More than before counts at once, and ends nothing.
    let user = change(&admin, BOB, json!({ "role": "editor" })).await;
    assert_eq!((&user["role"], &user["sessions"]), (&json!("editor"), &json!(1)));
    assert_eq!(last_detail(&admin, "user.update").await, "role: viewer -> editor");
    bob.add_secret("A", "v").await;
    assert_eq!(bob.get("/api/session").await.expect(200).data()["role"], "editor");
    // Less than before ends all sessions.
    let other = app.anonymous();
    other.sign_in_as(BOB).await.expect(200);
    let user = change(&admin, BOB, json!({ "role": "viewer" })).await;
    assert_eq!((&user["role"], &user["sessions"]), (&json!("viewer"), &json!(0)));
    let detail = "role: editor -> viewer; 2 sessions ended";
    assert_eq!(last_detail(&admin, "user.update").await, detail);
    for client in [&bob, &other] {
        client.get("/api/session").await.expect(401);
    }
    bob.sign_in_as(BOB).await.expect(200);
    bob.get("/api/secrets/A").await.expect(403);

    let user = change(&admin, BOB, json!({ "disabled": true })).await;
    assert_eq!((&user["disabled"], &user["sessions"]), (&json!(true), &json!(0)));
    assert_eq!(last_detail(&admin, "user.update").await, "disabled; 1 session ended");
    bob.get("/api/session").await.expect(401);
    let refused = bob.sign_in_as(BOB).await;
    refused.expect_problem(401, "wrong_credentials", "Email or password is wrong");
    let user = change(&admin, BOB, json!({ "disabled": false, "role": "admin" })).await;
    assert_eq!((&user["disabled"], &user["role"]), (&json!(false), &json!("admin")));
    assert_eq!(last_detail(&admin, "user.update").await, "role: viewer -> admin; enabled");
    bob.sign_in_as(BOB).await.expect(200);
    bob.get("/api/users").await.expect(200);

    bob.create_key(&json!({ "name": "made by bob" })).await;
    let deleted = admin.delete(&path).await.expect(200).data();
    assert_eq!(deleted, json!({ "deleted": true }));
    assert_eq!(last_detail(&admin, "user.delete").await, "role: admin; 1 session ended");
    bob.get("/api/session").await.expect(401);
    bob.sign_in_as(BOB).await.expect(401);
    admin.delete(&path).await.expect_problem(404, "user_not_found", "User not found");
    assert_eq!(admin.keys().await[0]["createdBy"], BOB);
    assert_eq!(admin.get("/api/secrets").await.expect(200).data()[0]["createdBy"], BOB);
    // The address is free, for somebody with nothing of the former.
    app.person(BOB, Role::Viewer).await.get("/api/users").await.expect(403);
    assert!(admin.verify_log().await["valid"].as_bool().unwrap());
    drop(app.sibling().await);
}

async fn less_than_before_ends_the_invitations_that_the_person_made(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    for ended in [json!({ "role": "editor" }), json!({ "disabled": true })] {
        let bob = app.person(BOB, Role::Admin).await;
        let back_door = bob.invite("bob@example.org", Role::Admin).await;
        let ours = admin.invite("ours@example.com", Role::Viewer).await;
        change(&admin, BOB, ended).await;
        let detail = last_detail(&admin, "user.update").await;
        assert!(detail.as_str().unwrap().ends_with("1 invitation taken back"), "{detail}");
        app.anonymous().accept_invitation(&back_door).await.expect(401);
        app.anonymous().accept_invitation(&ours).await.expect(200);
        for email in [BOB, "ours@example.com"] {
            admin.delete(&admin.user_path(email).await).await.expect(200);
        }
    }
}

async fn an_administrator_may_give_up_the_role(backend: Backend) {
    let app = App::start(backend).await;
    let bob = app.person(BOB, Role::Admin).await;
    let user = change(&bob, BOB, json!({ "role": "viewer" })).await;
    assert_eq!((&user["role"], &user["sessions"]), (&json!("viewer"), &json!(0)));
    bob.get("/api/session").await.expect(401);
    let eve = app.person(EVE, Role::Admin).await;
    eve.delete(&eve.user_path(EVE).await).await.expect(200);
    eve.get("/api/session").await.expect(401);
    assert_eq!(app.admin().await.users().await.len(), 2);
}

async fn the_last_administrator_stays(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    app.person(BOB, Role::Editor).await;
    app.person(EVE, Role::Admin).await;
    change(&admin, EVE, json!({ "disabled": true })).await;
    let before = app.audit_entries().await;
    let me = admin.user_path(EMAIL).await;
    let sentence = format!(
        "\"{EMAIL}\" is the only administrator who is not disabled; make another one first"
    );
    for answer in [
        admin.patch(&me, &json!({ "role": "editor" })).await,
        admin.patch(&me, &json!({ "disabled": true })).await,
        admin.patch(&me, &json!({ "role": "viewer", "disabled": true })).await,
        admin.delete(&me).await,
    ] {
        answer.expect_problem(409, "last_admin", &sentence);
    }
    assert_eq!(app.audit_entries().await, before);
    admin.get("/api/users").await.expect(200);
    let items = admin.get("/api/overview").await.expect(200).text;
    assert!(items.contains("oneAdministrator"), "{items}");
    // The disabled one does not count, and may go.
    admin.delete(&admin.user_path(EVE).await).await.expect(200);
    change(&admin, BOB, json!({ "role": "admin" })).await;
    let items = admin.get("/api/overview").await.expect(200).text;
    assert!(!items.contains("oneAdministrator"), "{items}");
    admin.patch(&me, &json!({ "role": "editor" })).await.expect(200);
}

async fn of_two_administrators_who_end_each_other_one_stays(backend: Backend) {
    let app = App::start(backend).await;
    let sibling = app.sibling().await;
    let (bob, eve) = (app.person(BOB, Role::Admin).await, app.person(EVE, Role::Admin).await);
    let eve = eve.at(sibling.address);
    eve.sign_in_as(EVE).await.expect(200);
    bob.delete(&bob.user_path(EMAIL).await).await.expect(200);
    let bobs = bob.user_path(BOB).await;
    let eves = bob.user_path(EVE).await;
    for round in 0..8 {
        // Each other, and each themselves.
        let (first, second) = if round % 2 == 0 { (&eves, &bobs) } else { (&bobs, &eves) };
        let less =
            [json!({ "role": "viewer" }), json!({ "disabled": true })][round / 2 % 2].clone();
        let (one, other) = join(bob.patch(first, &less), eve.patch(second, &less)).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert!([[200, 401], [200, 409]].contains(&statuses), "{round}: {one:?} {other:?}");
        let winner = match (bob.get("/api/users").await.status, eve.get("/api/users").await.status)
        {
            (200, 401) => &bob,
            (401, 200) => &eve,
            both => panic!("{round}: {both:?}"),
        };
        let back = json!({ "role": "admin", "disabled": false });
        for path in [&bobs, &eves] {
            winner.patch(path, &back).await.expect(200);
        }
        bob.sign_in_as(BOB).await.expect(200);
        eve.sign_in_as(EVE).await.expect(200);
    }
}

async fn another_server_follows_with_its_next_request(backend: Backend) {
    let app = App::start(backend).await;
    let sibling = app.sibling().await;
    let admin = app.admin().await;
    drop(app.person(BOB, Role::Editor).await);
    let bob = sibling.anonymous();
    bob.sign_in_as(BOB).await.expect(200);
    bob.add_secret("A", "v").await;
    change(&admin, BOB, json!({ "role": "viewer" })).await;
    bob.get("/api/session").await.expect(401);
    bob.sign_in_as(BOB).await.expect(200);
    bob.get("/api/secrets/A").await.expect(403);
    change(&admin, BOB, json!({ "role": "editor" })).await;
    bob.get("/api/secrets/A").await.expect(200);
    change(&admin, BOB, json!({ "disabled": true })).await;
    bob.get("/api/session").await.expect(401);
    admin.delete(&admin.user_path(BOB).await).await.expect(200);
    bob.sign_in_as(BOB).await.expect(401);
}

async fn an_altered_account_is_listed_refused_and_can_be_deleted(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let bob = app.person(BOB, Role::Viewer).await;
    let path = admin.user_path(BOB).await;
    app.execute("UPDATE users SET role = 'admin' WHERE email = 'bob@example.com'").await;
    assert_ne!(bob.get("/api/users").await.status, 200);
    assert_ne!(bob.sign_in_as(BOB).await.status, 200);
    assert_eq!(admin.user(BOB).await["altered"], true);
    let refused = admin.patch(&path, &json!({ "disabled": true })).await.expect(409).body();
    assert_eq!(refused["code"], "user_altered");
    // It is no other administrator.
    let me = admin.user_path(EMAIL).await;
    assert_eq!(admin.delete(&me).await.expect(409).body()["code"], "last_admin");
    admin.delete(&path).await.expect(200);
    drop(app.sibling().await);
}

async fn a_refused_change_of_people_is_recorded(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let bob = app.person(BOB, Role::Editor).await;
    let path = admin.user_path(BOB).await;
    let invite = json!({ "email": "eve@example.com", "role": "admin" });
    let none = "/api/users/invitations/00000000-0000-7000-8000-000000000000";
    bob.patch(&path, &json!({ "role": "admin" })).await.expect(403);
    bob.delete(&path).await.expect(403);
    bob.post("/api/users/invitations", &invite).await.expect(403);
    bob.delete(none).await.expect(403);
    bob.get("/api/users").await.expect(403);
    app.state.refusals.flush().await.unwrap();
    let mut actions: Vec<String> = admin
        .audit_log("&outcome=refused")
        .await
        .iter()
        .map(|entry| entry["action"].as_str().unwrap().to_owned())
        .collect();
    actions.sort_unstable();
    assert_eq!(actions, ["invitation.create", "invitation.delete", "user.delete", "user.update"]);
}
