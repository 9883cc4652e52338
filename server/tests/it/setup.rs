//! The first start.

use futures_util::future::join_all;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::json;

use crate::support::{App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    the_token_makes_one_administrator_and_closes_the_setup_for_ever,
    bad_input_leaves_the_setup_open,
    of_many_at_once_exactly_one_becomes_administrator,
    a_configured_administrator_is_created_once,
);

async fn fresh(backend: Backend) -> App {
    App::with(TestDatabase::new(backend).await, &[]).await
}

async fn the_token_makes_one_administrator_and_closes_the_setup_for_ever(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    assert_eq!(client.get("/api/setup").await.expect(200).data(), json!({ "open": true }));
    let body = json!({ "token": token, "email": EMAIL, "password": PASSWORD });
    let answer = client.post("/api/setup", &body).await.expect(200);
    assert_eq!(answer.data()["email"], EMAIL);
    // Signed in by it.
    client.get("/api/keys").await.expect(200);
    assert_eq!(client.get("/api/setup").await.expect(200).data(), json!({ "open": false }));
    let again = json!({ "token": token, "email": "eve@example.com", "password": PASSWORD });
    let refused = client.post("/api/setup", &again).await;
    refused.expect_problem(409, "setup_closed", "Setup is complete; sign in instead");

    // Even if the user is gone: no second first administrator.
    keyward::session::entity::users::Entity::delete_many().exec(&app.state.db).await.unwrap();
    client.post("/api/setup", &again).await.expect(409);
    client.get("/api/keys").await.expect(401);
}

async fn bad_input_leaves_the_setup_open(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    let length = "Password must have 10 to 200 characters";
    for (body, status, message) in [
        (
            json!({ "token": "wrong", "email": EMAIL, "password": PASSWORD }),
            401,
            "The setup token is wrong",
        ),
        (
            json!({ "token": "", "email": EMAIL, "password": PASSWORD }),
            401,
            "The setup token is wrong",
        ),
        (json!({ "email": EMAIL, "password": PASSWORD }), 400, "Token is required"),
        (
            json!({ "token": token, "email": "ada", "password": PASSWORD }),
            400,
            "Email must look like name@example.com",
        ),
        (json!({ "token": token, "email": " ", "password": PASSWORD }), 400, "Email is required"),
        (json!({ "token": token, "email": EMAIL, "password": "ninechars" }), 400, length),
        (json!({ "token": token, "email": EMAIL, "password": "x".repeat(201) }), 400, length),
        (
            json!({ "token": token, "email": EMAIL, "password": 1_234_567_890 }),
            400,
            "Expected a string",
        ),
        (
            json!({ "token": token, "email": EMAIL, "password": PASSWORD, "role": "x" }),
            400,
            "Unknown field",
        ),
    ] {
        let answer = client.post("/api/setup", &body).await.expect(status);
        assert_eq!(answer.body()["message"], message);
    }
    assert_eq!(client.get("/api/setup").await.expect(200).data(), json!({ "open": true }));
    // Nobody can sign in while there is nobody.
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    client.post("/api/session", &body).await.expect(401);
    let body = json!({ "token": token, "email": EMAIL, "password": PASSWORD });
    client.post("/api/setup", &body).await.expect(200);
}

async fn of_many_at_once_exactly_one_becomes_administrator(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    let bodies: Vec<_> = (0..8)
        .map(|n| json!({ "token": token, "email": format!("{n}@example.com"), "password": PASSWORD }))
        .collect();
    let answers = join_all(bodies.iter().map(|body| client.post("/api/setup", body))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    let users = keyward::session::entity::users::Entity::find().count(&app.state.db).await;
    assert_eq!(users.unwrap(), 1);
}

async fn a_configured_administrator_is_created_once(backend: Backend) {
    let app = App::start(backend).await;
    assert!(app.setup_token.is_none());
    assert_eq!(app.anonymous().get("/api/setup").await.data(), json!({ "open": false }));
    // A later start ignores the variables, even with other values.
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", "eve@example.com"),
        ("KEYWARD_ADMIN_PASSWORD", "another password"),
    ];
    let env = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some("q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=".to_owned()),
        "DATABASE_URL" => Some(app.database.url.clone()),
        _ => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
    };
    let config = keyward::config::Config::load(&keyward::config::Flags::default(), &env).unwrap();
    keyward::serve::prepare(&config, app.clock.clone(), app.address).await.unwrap();
    let body = json!({ "email": "eve@example.com", "password": "another password" });
    app.anonymous().post("/api/session", &body).await.expect(401);
    app.admin().await;
}
