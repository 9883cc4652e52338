//! Keys that are revoked while all of them are in use, as fast as this machine can ask.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;

use crate::support::load::Load;
use crate::support::{App, Backend, on_both_databases};

on_both_databases!(of_a_thousand_revocations_under_load_not_one_is_late);

const KEYS: usize = 1_000;
const CONNECTIONS: usize = 16;

async fn of_a_thousand_revocations_under_load_not_one_is_late(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let load = Load::of(&admin, KEYS).await;
    let asking = (0..CONNECTIONS).map(|n| load.ask(app.address, n * KEYS / CONNECTIONS));
    let revoking = async {
        for key in &load.keys {
            admin.delete(&format!("/api/keys/{}", key.id)).await.expect(200);
            key.is_revoked.store(true, Ordering::SeqCst);
            assert_ne!(app.verify(&key.text).await.status, 200);
        }
        load.end();
    };
    let (accepted, ()) = tokio::join!(join_all(asking), revoking);
    assert_eq!(load.late(), 0);
    // Otherwise there was no load.
    assert!(accepted.iter().sum::<u64>() > KEYS as u64, "{accepted:?}");
}
