//! The first start.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use keyward::audit::entity::log;
use keyward::database::StoreError;
use keyward::session::cookie::{new_token, token_hash};
use keyward::session::entity::users;
use keyward::session::sessions::Recorder;
use keyward::session::setup::{self, LINKS};
use keyward::settings;
use keyward_api::Sensitive;
use keyward_api::session::Email;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{App, Backend, EMAIL, PASSWORD, TestDatabase, on_both_databases};

on_both_databases!(
    the_token_makes_one_administrator_and_closes_the_setup,
    setup_is_open_exactly_while_there_is_no_user,
    a_link_works_at_every_server_and_an_earlier_one_works_on,
    of_very_many_starts_the_newest_links_work,
    of_many_at_several_servers_exactly_one_becomes_administrator,
    a_start_that_meets_the_first_administrator_leaves_no_token,
    wrong_tokens_are_slowed_down_and_recorded_and_keep_nobody_out,
    a_flood_of_tokens_is_refused_without_the_store,
    a_token_is_refused_with_409_as_soon_as_another_server_closed_setup,
    bad_input_leaves_the_setup_open,
    of_many_at_once_exactly_one_becomes_administrator,
    a_configured_administrator_is_created_once,
);

async fn fresh(backend: Backend) -> App {
    App::with(TestDatabase::new(backend).await, &[]).await
}

/// The rows of setup in the database.
async fn tokens(app: &App) -> Vec<settings::Model> {
    let rows = settings::Entity::find().filter(settings::Column::Kind.eq("config"));
    let rows = rows.order_by_asc(settings::Column::Id).all(&app.state.db).await.unwrap();
    rows.into_iter().filter(|row| row.key.starts_with("setup-token:")).collect()
}

/// What a start does when no administrator is configured.
async fn print_link(app: &App) -> Result<Option<Sensitive>, StoreError> {
    let token = new_token().unwrap();
    Ok(setup::open(&app.state.db, &app.state.rows, &token, app.clock.now()).await?.then_some(token))
}

async fn users_in(app: &App) -> u64 {
    users::Entity::find().count(&app.state.db).await.unwrap()
}

fn administrator(token: &str, email: &str) -> Value {
    json!({ "token": token, "email": email, "password": PASSWORD })
}

async fn the_token_makes_one_administrator_and_closes_the_setup(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    let status = json!({ "open": true, "localSignIn": true, "sso": null });
    assert_eq!(client.get("/api/setup").await.expect(200).data(), status);
    // Only its digest is stored.
    let [stored] = &tokens(&app).await[..] else { panic!("one token") };
    assert_eq!(stored.key, format!("setup-token:{}", token_hash(&token)));
    assert!(!format!("{stored:?}").contains(&token));

    let answer = client.post("/api/setup", &administrator(&token, EMAIL)).await.expect(200);
    assert_eq!(answer.data()["email"], EMAIL);
    // Signed in by it, by a browser that is known from now on.
    client.get("/api/keys").await.expect(200);
    assert!(answer.cookie("keyward_browser").is_some());
    assert_eq!(client.get("/api/setup").await.expect(200).data()["open"], false);
    assert_eq!(tokens(&app).await, []);
    let refused = client.post("/api/setup", &administrator(&token, "eve@example.com")).await;
    refused.expect_problem(409, "setup_closed", "Setup is complete; sign in instead");
    assert_eq!(users_in(&app).await, 1);
}

async fn setup_is_open_exactly_while_there_is_no_user(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    client.post("/api/setup", &administrator(&token, EMAIL)).await.expect(200);
    // As versions before wrote it; it means nothing any more.
    let now = app.clock.now();
    let obsolete = settings::insert(
        &app.state.db,
        &app.state.rows,
        settings::RowType::Config,
        "obsolete",
        "first_admin",
        "\"id\"".to_owned(),
        now,
    );
    obsolete.await.unwrap();
    assert!(app.sibling().await.setup_token.is_none());

    // The only user is removed by hand: a running server says so, and takes no old token.
    users::Entity::delete_many().exec(&app.state.db).await.unwrap();
    app.accept().await;
    app.state.sign_in.setup_status.forget().await;
    client.get("/api/keys").await.expect(401);
    assert_eq!(client.get("/api/setup").await.expect(200).data()["open"], true);
    client.post("/api/setup", &administrator(&token, EMAIL)).await.expect(401);
    // The next start prints a link, which works at the server that runs since before.
    let next = app.sibling().await;
    let new = next.setup_token.clone().unwrap();
    assert_eq!(next.anonymous().get("/api/setup").await.data()["open"], true);
    client.post("/api/setup", &administrator(&token, EMAIL)).await.expect(401);
    client.post("/api/setup", &administrator(&new, "bob@example.com")).await.expect(200);
    // Another server may say for a quarter of a second what it said last.
    next.state.sign_in.setup_status.forget().await;
    assert_eq!(next.anonymous().get("/api/setup").await.data()["open"], false);
    assert_eq!(users_in(&app).await, 1);
}

async fn a_link_works_at_every_server_and_an_earlier_one_works_on(backend: Backend) {
    let first = fresh(backend).await;
    let second = first.sibling().await;
    let [earlier, later] = [&first, &second].map(|app| app.setup_token.clone().unwrap());
    assert_ne!(earlier, later);
    // Each with its other server, and neither is used up by input that is refused.
    for (app, token) in [(&second, &earlier), (&first, &later)] {
        let body = json!({ "token": token, "email": EMAIL, "password": "short" });
        app.anonymous().post("/api/setup", &body).await.expect(400);
    }
    let client = second.anonymous();
    client.post("/api/setup", &administrator(&earlier, EMAIL)).await.expect(200);
    for (app, token) in [(&first, &later), (&second, &later), (&first, &earlier)] {
        let again = administrator(token, "eve@example.com");
        app.anonymous().post("/api/setup", &again).await.expect(409);
    }
    // Signed in at both.
    first.anonymous().sign_in().await;
    assert_eq!(tokens(&first).await, []);
}

async fn of_very_many_starts_the_newest_links_work(backend: Backend) {
    let app = fresh(backend).await;
    let mut later = Vec::new();
    for _ in 0..LINKS {
        later.push(print_link(&app).await.unwrap().unwrap());
    }
    assert_eq!(tokens(&app).await.len(), LINKS);
    let token = app.setup_token.clone().unwrap().into();
    assert!(!setup::accepts(&app.state.db, &app.state.rows, &token).await.unwrap());
    for token in later {
        assert!(setup::accepts(&app.state.db, &app.state.rows, &token).await.unwrap());
    }
}

async fn of_many_at_several_servers_exactly_one_becomes_administrator(backend: Backend) {
    let first = fresh(backend).await;
    let second = first.sibling().await;
    let both = [&first, &second];
    let clients = both.map(App::anonymous);
    let attempts = (0..8).map(|n| {
        // Every pair of a server and a link.
        let token = both[n % 2].setup_token.clone().unwrap();
        let body = administrator(&token, &format!("{n}@example.com"));
        let client = &clients[n / 2 % 2];
        async move { client.post("/api/setup", &body).await.status }
    });
    let mut statuses = join_all(attempts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!(users_in(&first).await, 1);
    assert_eq!(tokens(&first).await, []);
}

async fn a_start_that_meets_the_first_administrator_leaves_no_token(backend: Backend) {
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let body = administrator(&token, EMAIL);
    let client = app.anonymous();
    let starts = (0..6).map(|_| print_link(&app));
    let (answer, starts) = tokio::join!(client.post("/api/setup", &body), join_all(starts));
    answer.expect(200);
    assert!(starts.iter().all(Result::is_ok), "{starts:?}");
    assert_eq!(tokens(&app).await, []);
    assert!(print_link(&app).await.unwrap().is_none());
    // A user who was added by hand: the next start deletes what is left.
    users::Entity::delete_many().exec(&app.state.db).await.unwrap();
    app.accept().await;
    let left = print_link(&app).await.unwrap().unwrap();
    let id = uuid::Uuid::now_v7();
    let by_hand = users::Model::admin(id, EMAIL, "x".to_owned(), app.clock.now());
    let by_hand = users::Entity::insert(by_hand.into_active_model());
    by_hand.exec_without_returning(&app.state.db).await.unwrap();
    app.accept().await;
    client.post("/api/setup", &administrator(left.expose(), EMAIL)).await.expect(409);
    assert!(app.sibling().await.setup_token.is_none());
    assert_eq!(tokens(&app).await, []);
}

async fn wrong_tokens_are_slowed_down_and_recorded_and_keep_nobody_out(backend: Backend) {
    let variables = [("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")];
    let app = App::with(TestDatabase::new(backend).await, &variables).await;
    let client = app.anonymous();
    let try_from = async |address: &str, token: &str| {
        let headers = [
            ("x-forwarded-for", address.as_bytes()),
            ("content-type", b"application/json".as_slice()),
        ];
        let body = administrator(token, EMAIL).to_string().into_bytes();
        client.send(Method::POST, "/api/setup", &headers, Some(body)).await
    };
    for _ in 0..20 {
        try_from("192.0.2.1", "planted-token").await.expect(401);
    }
    let refused = try_from("192.0.2.1", "planted-token").await.expect(429);
    assert_eq!(refused.header("retry-after"), "10");
    app.state.refusals.flush().await.unwrap();
    let refusals = log::Entity::find().filter(log::Column::Outcome.eq("refused"));
    let refusals = refusals.order_by_asc(log::Column::Seq).all(&app.state.db).await.unwrap();
    let told: Vec<_> = refusals
        .iter()
        .map(|entry| (entry.action.as_str(), entry.detail.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        told,
        [
            ("user.create", "the setup token is wrong"),
            ("user.create", "too many failures before"),
            ("user.create", "19 more within a minute"),
        ]
    );
    assert!(refusals.iter().all(|entry| entry.address.as_deref() == Some("192.0.2.1")));
    assert!(!format!("{refusals:?}").contains("planted"), "not what was typed");
    // From 200 addresses: the owner comes from another one.
    for n in 0..200 {
        let address = format!("198.51.100.{n}").parse().ok();
        while app.state.sign_in.limit.attempt_setup(address).is_ok() {}
    }
    let token = app.setup_token.clone().unwrap();
    assert_eq!(users_in(&app).await, 0);
    try_from("203.0.113.1", &token).await.expect(200);
}

/// Anyone who sends tokens without end must not keep the connections of the store busy.
async fn a_flood_of_tokens_is_refused_without_the_store(backend: Backend) {
    let app = fresh(backend).await;
    let client = app.anonymous();
    let wrong = administrator("wrong", EMAIL);
    let is_refused = async |status: u16| {
        let rename = async |from: &str, to: &str| {
            for table in ["users", "audit_log"] {
                let sql = format!("ALTER TABLE {table}{from} RENAME TO {table}{to}");
                app.execute(&sql).await;
            }
        };
        // The state of setup is young for a fraction of a second, which a slow machine may miss.
        for _ in 0..10 {
            client.post("/api/setup", &wrong).await.expect(status);
            rename("", "_gone").await;
            let answer = client.post("/api/setup", &wrong).await;
            rename("_gone", "").await;
            if answer.status == status {
                return true;
            }
            app.state.sign_in.setup_status.forget().await;
        }
        false
    };
    // Until the limit is reached, and that is recorded.
    while client.post("/api/setup", &wrong).await.status == 401 {}
    assert!(is_refused(429).await);
    app.clock.advance(Duration::from_secs(10));
    let token = app.setup_token.clone().unwrap();
    client.post("/api/setup", &administrator(&token, EMAIL)).await.expect(200);
    assert!(is_refused(409).await);
}

/// Also by a server that found setup open a moment ago.
async fn a_token_is_refused_with_409_as_soon_as_another_server_closed_setup(backend: Backend) {
    let first = fresh(backend).await;
    let second = first.sibling().await;
    let client = second.anonymous();
    let email = Email::try_from(EMAIL.to_owned()).unwrap();
    let (hash, now) = ("x".to_owned(), first.clock.now());
    let recorder = Recorder { audit: &first.state.audit, origin: None };
    assert_eq!(client.get("/api/setup").await.data()["open"], true);
    let won = setup::create_first_admin(&first.state.people, &email, hash, now, &recorder).await;
    assert!(won.unwrap().is_some());
    let late = administrator(&second.setup_token.clone().unwrap(), "eve@example.com");
    client.post("/api/setup", &late).await.expect(409);
}

async fn bad_input_leaves_the_setup_open(backend: Backend) {
    const WRONG: &str = "This setup link is not valid. Each start of the server prints a new link.";
    let app = fresh(backend).await;
    let token = app.setup_token.clone().unwrap();
    let client = app.anonymous();
    let length = "Password must have 10 to 200 characters";
    for (body, status, message) in [
        (json!({ "token": "wrong", "email": EMAIL, "password": PASSWORD }), 401, WRONG),
        (json!({ "token": "", "email": EMAIL, "password": PASSWORD }), 401, WRONG),
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
    assert_eq!(client.get("/api/setup").await.expect(200).data()["open"], true);
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
    assert_eq!(app.anonymous().get("/api/setup").await.data()["open"], false);
    // A later start ignores the variables, even with other values.
    let variables = [
        ("KEYWARD_ADMIN_EMAIL", "eve@example.com"),
        ("KEYWARD_ADMIN_PASSWORD", "another password"),
    ];
    let env = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some("q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=".to_owned()),
        "DATABASE_URL" => Some(app.database.url.clone()),
        "KEYWARD_STATE_DIR" => Some(app.database.state_dir().display().to_string()),
        _ => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
    };
    let config = keyward::config::Config::load(&keyward::config::Flags::default(), &env).unwrap();
    keyward::serve::prepare(&config, app.clock.clone(), app.address).await.unwrap();
    let body = json!({ "email": "eve@example.com", "password": "another password" });
    app.anonymous().post("/api/session", &body).await.expect(401);
    app.admin().await;
}
