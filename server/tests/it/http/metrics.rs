//! What is counted, and that it names nobody.

use std::time::Duration;

use serde_json::json;

use crate::support::program::Server;
use crate::support::{App, Backend, Client, TestDatabase, on_both_databases};

on_both_databases!(verifications_are_counted_by_result_and_keys_by_status);

async fn verifications_are_counted_by_result_and_keys_by_status(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let body = json!({ "name": "planted-name", "scopes": ["planted:scope"] });
    let (id, key) = admin.create_key(&body).await;
    let body = json!({ "name": "soon", "expiresAt": "2026-01-01T12:00:01Z" });
    admin.create_key(&body).await;
    let (other, _) = admin.create_key(&json!({ "name": "off" })).await;
    let off = json!({ "enabled": false });
    admin.patch(&format!("/api/keys/{other}"), &off).await.expect(200);
    admin.rotate_key(&id, 60).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    app.verify(&key).await.expect(200);
    app.verify(&key).await.expect(200);
    app.verify("kw_planted").await.expect(401);
    app.anonymous().get("/api/verify").await.expect(401);
    app.anonymous().get_as(&key, "/api/verify?scope=planted:other").await.expect(403);

    let answer = app.anonymous().get("/metrics").await.expect(200);
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "keyward_verifications_total{result=\"accepted\"} 2",
        "keyward_verifications_total{result=\"unknown\"} 1",
        "keyward_verifications_total{result=\"missing\"} 1",
        "keyward_verifications_total{result=\"missing_scope\"} 1",
        "keyward_verifications_total{result=\"throttled\"} 0",
        "keyward_verification_seconds_count 5",
        "keyward_keys{status=\"active\"} 1",
        "keyward_keys{status=\"disabled\"} 1",
        "keyward_keys{status=\"expired\"} 1",
        "keyward_keys{status=\"unreadable\"} 0",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line}\n{}", answer.text);
    }
    for secret in ["planted", id.as_str(), &key[..8]] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_may_have_an_address_of_their_own_where_nothing_else_is() {
    let database = TestDatabase::new(Backend::Sqlite).await;
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start(&database, &[("KEYWARD_METRICS_BIND", &free.to_string())]);
    server.client.get("/metrics").await.expect(404);
    server.client.get("/api/verify").await.expect(401);
    let metrics = Client::new(free);
    let text = metrics.get("/metrics").await.expect(200).text;
    assert!(text.contains("keyward_verifications_total{result=\"missing\"} 1"), "{text}");
    for path in ["/", "/livez", "/api/verify", "/api/session"] {
        metrics.get(path).await.expect(404);
    }
    assert_eq!(server.stop().0, 0);
}
