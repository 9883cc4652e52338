//! Few connections are waited for: nothing holds one while it waits for another.

use futures_util::future::join_all;
use http::Method;
use sea_orm::ConnectionTrait;
use serde_json::json;
use url::Url;

use crate::support::pooler::Pooler;
use crate::support::{ADMIN, App, Backend, Client, TestDatabase, on_both_databases};

on_both_databases!(one_connection_is_enough_for_everything_at_once);

async fn one_connection_is_enough_for_everything_at_once(backend: Backend) {
    for number in ["1", "2"] {
        work_with(TestDatabase::new(backend).await, number).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_is_enough_behind_a_pooler() {
    let (_pooler, database) = Pooler::start("").await;
    work_with(database, "1").await;
}

async fn work_with(database: TestDatabase, number: &str) {
    let variables = [ADMIN[0], ADMIN[1], ("KEYWARD_DATABASE_CONNECTIONS", number)];
    let app = App::with(database, &variables).await;
    let admin = app.admin().await;
    let scopes = ["secrets:read", "secrets:write", "providers:resolve"];
    let (_, key) = admin.create_key(&json!({ "name": "n", "scopes": scopes })).await;
    let provider = json!({ "value": "sk-1234567890123" });
    admin.put_provider("p", &provider).await.expect(200);
    let (app, admin, key) = (&app, &admin, key.as_str());
    let work = (0..24).map(|n| async move {
        let (id, _) = admin.create_key(&json!({ "name": format!("key {n}") })).await;
        let secret = json!({ "key": format!("KEY_{n}"), "value": "v" });
        admin.post("/api/secrets", &secret).await.expect(200);
        admin.get_as(key, &format!("/api/secrets/KEY_{n}")).await.expect(200);
        admin.get_as(key, "/api/resolve?provider=p").await.expect(200);
        admin.get_with("/api/secrets/nothing", &[("x-api-key", b"wrong")]).await.expect(401);
        for path in ["/api/keys", "/api/admin/audit", "/api/admin/encryption"] {
            admin.get(path).await.expect(200);
        }
        // 503 after a second in the queue for the one connection, and an answer in any case.
        assert!([200, 503].contains(&admin.get("/readyz").await.status));
        app.state.keys.refresh().await.unwrap();
        admin.rotate_key(&id, 9).await.expect(200);
        admin.delete(&format!("/api/keys/{id}")).await.expect(200);
    });
    let rotation = async {
        let path = "/api/admin/encryption/rotate";
        admin.send(Method::POST, path, &[], None).await.expect(200);
        admin.get("/api/admin/audit/verify").await.expect(200);
    };
    let flush = async { app.state.keys.flush().await.unwrap() };
    tokio::join!(join_all(work), rotation, flush);
    admin.get("/readyz").await.expect(200);
    let verified = admin.verify_log().await;
    assert_eq!(verified["valid"], true);
}

/// Small plans let one program have 20 connections, of which PostgreSQL keeps 3.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_fit_into_a_plan_of_twenty() {
    let database = TestDatabase::new(Backend::Postgres).await;
    let mut url = Url::parse(&database.url).unwrap();
    let name = url.path().trim_start_matches('/').to_owned();
    let db = database.connect().await;
    for sql in [
        format!("CREATE ROLE {name} LOGIN CONNECTION LIMIT 17"),
        format!("GRANT ALL ON SCHEMA public TO {name}"),
    ] {
        db.execute_unprepared(&sql).await.unwrap();
    }
    url.set_username(&name).unwrap();
    let mut database = database;
    database.url = url.into();
    let first = App::with(database, &ADMIN).await;
    let servers = [&first, &first.sibling().await, &first.sibling().await];
    let admin = first.admin().await;
    let secret = json!({ "key": "A", "value": "v" });
    admin.post("/api/secrets", &secret).await.expect(200);
    let scopes = ["secrets:read"];
    let (_, key) = admin.create_key(&json!({ "name": "n", "scopes": scopes })).await;
    for server in servers {
        server.state.keys.refresh().await.unwrap();
    }
    let read = async |client: &Client| {
        for _ in 0..5 {
            client.get_as(&key, "/api/secrets/A").await.expect(200);
        }
    };
    let clients: Vec<_> = (0..60).map(|n| servers[n % 3].anonymous()).collect();
    join_all(clients.iter().map(read)).await;
}
