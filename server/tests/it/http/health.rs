use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use keyward::database::begin_read;
use keyward::encryption::entity::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde_json::json;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(
    ready_needs_every_migration_and_alive_needs_nothing,
    a_store_that_does_not_answer_shows_within_seconds,
    what_anybody_may_ask_is_answered_again_without_the_store,
    a_damaged_data_key_is_503_and_no_fault_of_the_server,
);

/// Every connection that the server may have.
async fn take_all(app: &App) -> Vec<DatabaseTransaction> {
    let number = if app.database.backend == Backend::Sqlite { 16 } else { 2 };
    try_join_all((0..number).map(|_| begin_read(&app.state.db))).await.unwrap()
}

/// Asks until it is not ready; for how long.
async fn until_not_ready(app: &App) -> Duration {
    let start = Instant::now();
    while app.anonymous().get("/readyz").await.status == 200 {
        assert!(start.elapsed() < Duration::from_secs(10), "it stays ready");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    start.elapsed()
}

async fn ready_needs_every_migration_and_alive_needs_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    assert_eq!(client.get("/readyz").await.expect(200).text, "ok");
    let forget = "DELETE FROM seaql_migrations WHERE version = 'm0002_users_and_sessions'";
    app.execute(forget).await;
    until_not_ready(&app).await;
    client.get("/livez").await.expect(200);
}

async fn a_store_that_does_not_answer_shows_within_seconds(backend: Backend) {
    let app = App::start(backend).await;
    app.anonymous().get("/readyz").await.expect(200);
    // Every connection is taken: a request that wants one waits for 5 seconds.
    let taken = take_all(&app).await;
    let waited = until_not_ready(&app).await;
    assert!(waited < Duration::from_secs(4), "{waited:?}");
    app.anonymous().get("/livez").await.expect(200);
    drop(taken);
    let start = Instant::now();
    while app.anonymous().get("/readyz").await.status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10), "it is never ready again");
    }
}

async fn what_anybody_may_ask_is_answered_again_without_the_store(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    for path in ["/readyz", "/api/setup"] {
        // The answer is young for a fraction of a second, which a slow machine may miss.
        let mut was_answered = false;
        for _ in 0..10 {
            client.get(path).await.expect(200);
            let taken = take_all(&app).await;
            was_answered |= client.get(path).await.status == 200;
            drop(taken);
            if was_answered {
                break;
            }
        }
        assert!(was_answered, "{path} needs a connection each time");
    }
}

async fn a_damaged_data_key_is_503_and_no_fault_of_the_server(backend: Backend) {
    let app = App::start(backend).await;
    app.anonymous().get("/readyz").await.expect(200);
    let damaged = Entity::update_many()
        .col_expr(Column::Wrapped, Expr::value(vec![2_u8; 120]))
        .filter(Column::Purpose.eq("data"));
    assert_eq!(damaged.exec(&app.state.db).await.unwrap().rows_affected, 1);
    app.state.health.readiness.forget().await;
    let answer = app.anonymous().get("/readyz").await;
    let expected = (503, &json!("store_unavailable"));
    assert_eq!((answer.status, &answer.body()["code"]), expected);
}
