//! Keys that are revoked while all of them are in use, as fast as this machine can ask.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{App, Backend, on_both_databases};

on_both_databases!(of_a_thousand_revocations_under_load_not_one_is_late);

const KEYS: usize = 1_000;
const CONNECTIONS: usize = 16;

struct Key {
    id: String,
    text: String,
    /// Set when the answer to its deletion has come.
    is_revoked: AtomicBool,
}

/// Asks about one key after the other until `is_over` is set; how often a key was accepted.
/// Whether it is revoked is looked at before it is asked about.
async fn ask(app: &App, keys: &[Key], first: usize, is_over: &AtomicBool, late: &AtomicU64) -> u64 {
    let mut stream = TcpStream::connect(app.address).await.unwrap();
    let (mut buffer, mut accepted) = (vec![0; 4096], 0);
    for key in keys.iter().cycle().skip(first) {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        let must_be_refused = key.is_revoked.load(Ordering::SeqCst);
        let request =
            format!("GET /api/verify HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n", key.text);
        stream.write_all(request.as_bytes()).await.unwrap();
        // Answers are small, and come in one piece.
        let length = stream.read(&mut buffer).await.unwrap();
        if buffer[..length].starts_with(b"HTTP/1.1 200 ") {
            accepted += 1;
            late.fetch_add(u64::from(must_be_refused), Ordering::SeqCst);
        }
    }
    accepted
}

async fn of_a_thousand_revocations_under_load_not_one_is_late(backend: Backend) {
    let app = App::start(backend).await;
    let admin = app.admin().await;
    let mut keys = Vec::with_capacity(KEYS);
    for n in 0..KEYS {
        let (id, text) = admin.create_key(&json!({ "name": format!("key {n}") })).await;
        keys.push(Key { id, text, is_revoked: AtomicBool::new(false) });
    }
    let (is_over, late) = (Arc::new(AtomicBool::new(false)), AtomicU64::new(0));
    let asking =
        (0..CONNECTIONS).map(|n| ask(&app, &keys, n * KEYS / CONNECTIONS, &is_over, &late));
    let revoking = async {
        for key in &keys {
            admin.delete(&format!("/api/keys/{}", key.id)).await.expect(200);
            key.is_revoked.store(true, Ordering::SeqCst);
            assert_ne!(app.verify(&key.text).await.status, 200);
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let (accepted, ()) = tokio::join!(join_all(asking), revoking);
    assert_eq!(late.load(Ordering::SeqCst), 0);
    // Otherwise there was no load.
    assert!(accepted.iter().sum::<u64>() > KEYS as u64, "{accepted:?}");
}
