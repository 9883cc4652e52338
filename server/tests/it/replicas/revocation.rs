//! When a revocation is answered, no server accepts the key.

use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use serde_json::json;

use super::{Cluster, disable, effective};
use crate::support::load::Load;
use crate::support::{Backend, Client, TestDatabase};

/// For each server. `REVOCATIONS` asks for more of them.
const REVOCATIONS: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_revocations_at_three_servers_under_load_not_one_is_late_anywhere() {
    // With leases of the usual length: a busy machine may hold one of a second up.
    let cluster = Cluster::of(TestDatabase::new(Backend::Postgres).await, 3, &[]).await;
    let number = std::env::var("REVOCATIONS").map_or(REVOCATIONS, |text| text.parse().unwrap());
    let load = Load::of(&cluster.admin, cluster.servers.len() * number).await;
    let asking = cluster.servers.iter().enumerate().flat_map(|(n, server)| {
        [0, 1].map(|half| load.ask(server.address, (2 * n + half) * number / 2))
    });
    let is_done = AtomicU64::new(0);
    let revoking =
        cluster.servers.iter().zip(load.keys.chunks(number)).map(async |(server, keys)| {
            let admin = Client::new(server.address);
            admin.sign_in().await;
            let mut waits = Vec::new();
            for (n, key) in keys.iter().enumerate() {
                // In each of the ways that take a key away.
                let path = format!("/api/keys/{}", key.id);
                let answer = match n % 3 {
                    0 => admin.patch(&path, &disable()).await,
                    1 => admin.rotate_key(&key.id, 0).await,
                    _ => admin.delete(&path).await,
                };
                key.is_revoked.store(true, Ordering::SeqCst);
                let effective = effective(&answer.expect(200));
                assert_eq!((effective.acknowledged, effective.fenced), (3, 0), "{effective:?}");
                waits.push(effective.waited);
            }
            if is_done.fetch_add(1, Ordering::SeqCst) == 2 {
                load.end();
            }
            waits
        });
    let (accepted, waits) = tokio::join!(join_all(asking), join_all(revoking));
    assert_eq!(load.late(), 0);
    // Otherwise there was no load.
    assert!(accepted.iter().all(|accepted| *accepted > number as u64 / 4), "{accepted:?}");
    // Most of them in far less than a poll: notifications arrive.
    let mut waits = waits.concat();
    waits.sort_unstable();
    assert!(waits[waits.len() / 2] < 250, "{waits:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_that_takes_something_away_says_where_it_is_in_effect_and_no_other() {
    let cluster = Cluster::start().await;
    let (id, _) = cluster.key("a").await;
    let path = format!("/api/keys/{id}");
    let admin = &cluster.admin;
    for body in [
        json!({ "name": "b" }),
        json!({ "scopes": ["read", "write"] }),
        json!({ "expiresAt": null }),
    ] {
        let answer = admin.patch(&path, &body).await.expect(200);
        assert_eq!(answer.body()["effective"], json!(null), "{body}");
    }
    assert_eq!(admin.rotate_key(&id, 60).await.expect(200).body()["effective"], json!(null));
    for body in [
        json!({ "scopes": ["read"] }),
        json!({ "expiresAt": "2100-01-01T00:00:00Z" }),
        json!({ "allowedNetworks": ["127.0.0.0/8"] }),
        json!({ "rateLimit": { "requests": 5, "windowSeconds": 60 } }),
        json!({ "enabled": false }),
    ] {
        // Said once more, it is answered no sooner: the first answer may have been lost.
        for _ in 0..2 {
            let answer = admin.patch(&path, &body).await.expect(200);
            assert_eq!(effective(&answer).acknowledged, 3, "{body}");
        }
    }
    assert_eq!(effective(&admin.delete(&format!("{path}/overlap")).await).acknowledged, 3);
    let _ = admin.rotate_key(&id, 60).await.expect(200);
    assert_eq!(effective(&admin.rotate_key(&id, 60).await).acknowledged, 3, "ends an overlap");
    assert_eq!(effective(&admin.rotate_key(&id, 0).await).acknowledged, 3);
    assert_eq!(effective(&admin.delete(&path).await).acknowledged, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_revokes_on_all_servers_and_says_so() {
    let cluster = Cluster::start().await;
    let (_, key) = cluster.key("a").await;
    let (code, _, said) = cluster.database.run(&["keys", "delete", "a"]);
    assert_eq!(cluster.verify(&key).await, [401; 3]);
    assert!(code == 0 && said.contains("Deleted \"a\", on all 3 servers in "), "{said}");
}
