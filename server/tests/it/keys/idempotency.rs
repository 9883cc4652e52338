//! `Idempotency-Key`: a creation that is sent twice makes one key.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::keys::entity::creation;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};

use crate::support::{Answer, App, Backend, Client, on_both_databases};

on_both_databases!(
    a_creation_that_is_sent_twice_makes_one_key,
    of_creations_at_once_with_one_header_one_makes_a_key,
    a_creation_that_failed_is_not_remembered,
    a_header_is_known_for_ten_minutes_to_the_one_who_sent_it,
    an_odd_header_is_refused,
    nothing_of_header_or_request_is_stored,
);

async fn create(client: &Client, headers: &[(&str, &[u8])], body: &Value) -> Answer {
    let mut all: Vec<(&str, &[u8])> = vec![("content-type", b"application/json")];
    all.extend(headers);
    client.send(Method::POST, "/api/keys", &all, Some(body.to_string().into())).await
}

async fn create_once(client: &Client, header: &str, body: &Value) -> Answer {
    create(client, &[("idempotency-key", header.as_bytes())], body).await
}

#[track_caller]
fn made_before(answer: Answer, id: &Value) {
    let answer = answer.expect(409);
    let body = answer.body();
    assert_eq!((&body["code"], &body["id"]), (&json!("already_created"), id));
    assert!(!answer.text.contains("kw_"), "no key");
}

async fn number_stored(app: &App) -> u64 {
    creation::Entity::find().count(&app.state.db).await.unwrap()
}

async fn a_creation_that_is_sent_twice_makes_one_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({
        "name": "a", "scopes": ["x", "y"], "expiresAt": "2026-06-01T00:00:00Z",
        "allowedNetworks": ["127.0.0.0/8"],
    });
    let id = create_once(&admin, "one", &body).await.expect(200).data()["id"].take();
    made_before(create_once(&admin, "one", &body).await, &id);
    // Spelt otherwise it is the same request.
    let same = json!({
        "name": " a ", "scopes": ["y", "x", "y"], "expiresAt": "2026-06-01T02:00:00+02:00",
        "allowedNetworks": ["127.1.2.3/8"], "rateLimit": null,
    });
    made_before(create_once(&admin, "one", &same).await, &id);
    let message = "This Idempotency-Key was sent before with another request";
    for (member, value) in [
        ("name", json!("b")),
        ("scopes", json!(["x"])),
        ("expiresAt", json!(null)),
        ("allowedNetworks", json!([])),
        ("rateLimit", json!({ "requests": 1, "windowSeconds": 1 })),
    ] {
        let mut other = body.clone();
        other[member] = value;
        let answer = create_once(&admin, "one", &other).await;
        answer.expect_problem(422, "idempotency_key_reused", message);
    }
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 1);
    // What a client does that did not get the answer.
    let rotated = admin.rotated_key(id.as_str().unwrap(), 0).await;
    app.verify(&rotated).await.expect(200);
    // Another header is another request, and without one there is none to be found.
    let taken = create_once(&admin, "two", &body).await;
    taken.expect_problem(409, "key_name_taken", "An API key named \"a\" already exists");
    create(&admin, &[], &json!({ "name": "b" })).await.expect(200);
}

async fn of_creations_at_once_with_one_header_one_makes_a_key(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let manager = json!({ "name": "manager", "scopes": ["keys:write"] });
    let (_, key) = admin.create_key(&manager).await;
    let sibling = app.sibling().await;
    let (here, there) = (app.anonymous(), sibling.anonymous());
    let body = json!({ "name": "contested" });
    let headers = [("x-api-key", key.as_bytes()), ("idempotency-key", b"h")];
    let clients = (0..20).map(|n| if n % 2 == 0 { &here } else { &there });
    let answers = join_all(clients.map(|client| create(client, &headers, &body))).await;
    let (made, others): (Vec<_>, Vec<_>) = answers.into_iter().partition(|it| it.status == 200);
    assert_eq!((made.len(), others.len()), (1, 19));
    let id = made[0].data()["id"].take();
    for answer in others {
        made_before(answer, &id);
    }
    app.state.keys.refresh().await.unwrap();
    assert_eq!(admin.keys().await.as_array().unwrap().len(), 2);
}

async fn a_creation_that_failed_is_not_remembered(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let (taken, _) = admin.create_key(&json!({ "name": "a" })).await;
    let body = json!({ "name": "a" });
    for _ in 0..2 {
        let answer = create_once(&admin, "h", &body).await.expect(409);
        assert_eq!(answer.body()["code"], "key_name_taken");
    }
    assert_eq!(number_stored(&app).await, 0);
    admin.delete(&format!("/api/keys/{taken}")).await.expect(200);
    create_once(&admin, "h", &body).await.expect(200);
    assert_eq!(number_stored(&app).await, 1);
}

async fn a_header_is_known_for_ten_minutes_to_the_one_who_sent_it(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let scopes = json!(["keys:write"]);
    let (_, one) = admin.create_key(&json!({ "name": "one", "scopes": scopes })).await;
    let (_, two) = admin.create_key(&json!({ "name": "two", "scopes": scopes })).await;
    let nobody = app.anonymous();
    let by_key = async |key: &str, name: &str| {
        let headers = [("x-api-key", key.as_bytes()), ("idempotency-key", b"h")];
        create(&nobody, &headers, &json!({ "name": name })).await
    };
    let id =
        create_once(&admin, "h", &json!({ "name": "a" })).await.expect(200).data()["id"].take();
    // Others do not find it.
    let by_one = by_key(&one, "b").await.expect(200).data()["id"].take();
    by_key(&two, "c").await.expect(200);
    made_before(by_key(&one, "b").await, &by_one);
    assert_eq!(number_stored(&app).await, 3);
    app.clock.advance(Duration::from_secs(599));
    made_before(create_once(&admin, "h", &json!({ "name": "a" })).await, &id);
    app.clock.advance(Duration::from_secs(1));
    let answer = create_once(&admin, "h", &json!({ "name": "a" })).await.expect(409);
    assert_eq!(answer.body()["code"], "key_name_taken");
    create_once(&admin, "h", &json!({ "name": "d" })).await.expect(200);
    assert_eq!(number_stored(&app).await, 1, "what is older is forgotten");
}

async fn an_odd_header_is_refused(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "a" });
    let long = "x".repeat(256);
    for odd in [&b""[..], "gr\u{fc}\u{df}e".as_bytes(), b"a\tb", b"\xff", long.as_bytes()] {
        let answer = create(&admin, &[("idempotency-key", odd)], &body).await;
        let message = "Expected 1 to 255 printable ASCII characters";
        let answer = answer.expect_problem(400, "validation_failed", message);
        assert_eq!(answer.body()["errors"][0]["field"], "Idempotency-Key");
    }
    let twice: [(&str, &[u8]); 2] = [("idempotency-key", b"h"), ("idempotency-key", b"h")];
    let answer = create(&admin, &twice, &body).await;
    answer.expect_problem(400, "validation_failed", "Given twice");
    assert_eq!(admin.keys().await, json!([]));
    create_once(&admin, &"x".repeat(255), &body).await.expect(200);
}

async fn nothing_of_header_or_request_is_stored(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "planted-name" });
    let made = create_once(&admin, "planted-header", &body).await.expect(200).data();
    let rows = creation::Entity::find().all(&app.state.db).await.unwrap();
    let text = format!("{rows:?}");
    assert_eq!(rows.len(), 1);
    assert!(!text.contains("planted") && !text.contains(made["key"].as_str().unwrap()), "{text}");
    assert_eq!(rows[0].key_id, made["id"].as_str().unwrap());
}
