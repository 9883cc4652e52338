use sea_orm::ConnectionTrait;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(ready_needs_every_migration_and_alive_needs_nothing);

async fn ready_needs_every_migration_and_alive_needs_nothing(backend: Backend) {
    let app = App::start(backend).await;
    let client = app.anonymous();
    assert_eq!(client.get("/readyz").await.expect(200).text, "ok");
    let forget = "DELETE FROM seaql_migrations WHERE version = 'm0002_users_and_sessions'";
    app.state.db.execute_unprepared(forget).await.unwrap();
    client.get("/readyz").await.expect(503);
    client.get("/livez").await.expect(200);
}
