//! What servers count, each its share; and changes of people, which need no waiting.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use super::{Cluster, effective};
use crate::support::{Client, EMAIL};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_servers_let_little_more_pass_than_a_limit_allows() {
    let cluster = Cluster::start().await;
    cluster.expect_servers(3).await;
    let limit = json!({ "requests": 10, "windowSeconds": 3600 });
    let body = json!({ "name": "a", "rateLimit": limit });
    let (_, key) = cluster.admin.create_key(&body).await;
    sleep(Duration::from_millis(600)).await;
    let mut accepted = Vec::new();
    for server in &cluster.servers {
        let mut here = 0;
        for _ in 0..10 {
            here += u32::from(server.client.verify(&key).await.status == 200);
        }
        accepted.push(here);
    }
    // A third of ten, rounded up.
    assert_eq!(accepted, [4, 4, 4]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ends_and_a_role_that_goes_count_everywhere_at_once() {
    let cluster = Cluster::start().await;
    cluster.expect_servers(3).await;
    let sessions = async || {
        let here = Client::new(cluster.servers[1].address);
        here.sign_in().await;
        here
    };
    let other = sessions().await;
    other.get("/api/session").await.expect(200);
    let ended = cluster.admin.delete("/api/sessions").await.expect(200);
    assert_eq!(effective(&ended).fenced, 0);
    other.get("/api/session").await.expect(401);
    let other = sessions().await;
    let listed = cluster.admin.get("/api/sessions").await.expect(200).data();
    let is_other = |session: &&serde_json::Value| session["current"] == json!(false);
    let id = listed.as_array().unwrap().iter().find(is_other).unwrap()["id"].clone();
    let path = format!("/api/sessions/{}", id.as_str().unwrap());
    assert_eq!(effective(&cluster.admin.delete(&path).await.expect(200)).acknowledged, 3);
    other.get("/api/session").await.expect(401);

    let invite = json!({ "email": "bo@example.com", "role": "editor" });
    let invited = cluster.admin.post("/api/users/invitations", &invite).await.expect(200).data();
    let (_, token) = invited["link"].as_str().unwrap().split_once("token=").unwrap();
    let bo = Client::new(cluster.servers[2].address);
    let accept = json!({ "token": token, "password": "another good one" });
    bo.post("/api/invitation", &accept).await.expect(200);
    let users = cluster.admin.get("/api/users").await.expect(200).data();
    let is_bo = |user: &&serde_json::Value| user["email"] != json!(EMAIL);
    let id = users.as_array().unwrap().iter().find(is_bo).unwrap()["id"].clone();
    let path = format!("/api/users/{}", id.as_str().unwrap());
    let more = cluster.admin.patch(&path, &json!({ "role": "admin" })).await.expect(200);
    assert_eq!(more.body()["effective"], json!(null));
    let less = cluster.admin.patch(&path, &json!({ "role": "viewer" })).await.expect(200);
    assert_eq!(effective(&less).acknowledged, 3);
    bo.get("/api/session").await.expect(401);
    assert_eq!(effective(&cluster.admin.delete(&path).await.expect(200)).acknowledged, 3);
}
