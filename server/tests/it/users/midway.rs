//! Who loses a role, or is kept out, while a request is under way changes nothing with it.

use std::time::Duration;

use keyward::database::begin_write;
use keyward_api::roles::Role;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::session::authenticator::enrol;
use crate::support::{App, Backend, PASSWORD, SlowRequest, on_both_databases};

on_both_databases!(
    a_role_that_is_taken_while_the_body_arrives_makes_no_secret,
    a_person_who_is_kept_out_while_the_body_arrives_makes_no_key,
    an_administrator_who_is_demoted_meanwhile_invites_nobody,
    who_is_deleted_while_a_password_is_checked_is_not_signed_in,
);

const BOB: &str = "bob@example.com";

/// Sends the request as a new person of this role, and the change of that person in the middle.
async fn during(app: &App, role: Role, request: &str, body: Value, change: Value) -> String {
    let admin = app.admin().await;
    drop(app.person(BOB, role).await);
    let answer = app.anonymous().sign_in_as(BOB).await.expect(200);
    let name = format!("keyward_session_{}", app.address.port());
    let cookie = format!("cookie: {name}={}", answer.cookie("keyward_session").unwrap());
    let slow = SlowRequest::begin(app, request, &cookie, &body.to_string()).await;
    let path = admin.user_path(BOB).await;
    admin.patch(&path, &change).await.expect(200);
    let before = app.audit_entries().await;
    let answer = slow.end().await;
    assert_eq!(app.audit_entries().await, before);
    answer
}

async fn a_role_that_is_taken_while_the_body_arrives_makes_no_secret(backend: Backend) {
    let app = App::start(backend).await;
    let body = json!({ "key": "LATE", "value": "v" });
    let less = json!({ "role": "viewer" });
    let answer = during(&app, Role::Editor, "POST /api/secrets", body, less).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(app.admin().await.get("/api/secrets").await.expect(200).data(), json!([]));
}

async fn a_person_who_is_kept_out_while_the_body_arrives_makes_no_key(backend: Backend) {
    let app = App::start(backend).await;
    let out = json!({ "disabled": true });
    let body = json!({ "name": "late" });
    let answer = during(&app, Role::Admin, "POST /api/keys", body, out).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(app.admin().await.keys().await, json!([]));
}

async fn an_administrator_who_is_demoted_meanwhile_invites_nobody(backend: Backend) {
    let app = App::start(backend).await;
    let body = json!({ "email": "late@example.com", "role": "admin" });
    let less = json!({ "role": "editor" });
    let answer = during(&app, Role::Admin, "POST /api/users/invitations", body, less).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let admin = app.admin().await;
    assert_eq!(admin.get("/api/users/invitations").await.expect(200).data(), json!([]));
}

async fn who_is_deleted_while_a_password_is_checked_is_not_signed_in(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    drop(app.person(BOB, Role::Editor).await);
    let path = admin.user_path(BOB).await;
    let body = json!({ "email": BOB, "password": PASSWORD });
    let (client, delete) = (app.anonymous(), admin.delete(&path));
    let (signed_in, deleted) =
        futures_util::future::join(client.post("/api/session", &body), delete).await;
    deleted.expect(200);
    assert!([200, 401].contains(&signed_in.status), "{signed_in:?}");
    client.get("/api/session").await.expect(401);
}

/// A rotation counts the values that it moves. With SQLite there is one writer at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_waits_for_who_takes_a_two_factor_secret_away() {
    let app = App::start(Backend::Postgres).await;
    let (admin, bob) = (app.admin().await, app.person(BOB, Role::Editor).await);
    let path = admin.user_path(BOB).await;
    for deletes in [false, true] {
        enrol(&app, &bob).await;
        // The change has taken the secret away, and waits for its record.
        let other = app.database.connect().await;
        let held = begin_write(&other).await.unwrap();
        held.execute_unprepared("LOCK TABLE audit_head IN EXCLUSIVE MODE").await.unwrap();
        let change = async {
            if deletes {
                return admin.delete(&path).await;
            }
            let password = json!({ "password": PASSWORD });
            bob.post("/api/session/totp/disable", &password).await
        };
        let rotate = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            admin.rotate_data_key().await
        };
        let release = async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            held.commit().await.unwrap();
        };
        let (changed, rotated, ()) = futures_util::future::join3(change, rotate, release).await;
        changed.expect(200);
        assert_eq!(rotated.expect(200).data()["reEncrypted"], 0);
    }
}
