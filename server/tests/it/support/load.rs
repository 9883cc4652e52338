//! Verifications without a pause, while keys are revoked.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Client;

/// A key that is going to be revoked.
pub struct LoadKey {
    pub id: String,
    pub text: String,
    /// Set when the answer to its revocation has come.
    pub is_revoked: AtomicBool,
}

/// Keys that are asked about.
#[derive(Default)]
pub struct Load {
    pub keys: Vec<LoadKey>,
    is_over: AtomicBool,
    late: AtomicU64,
}

impl Load {
    /// With so many keys.
    pub async fn of(admin: &Client, number: usize) -> Self {
        let mut load = Self::default();
        for n in 0..number {
            let (id, text) = admin.create_key(&json!({ "name": format!("key {n}") })).await;
            load.keys.push(LoadKey { id, text, is_revoked: AtomicBool::new(false) });
        }
        load
    }

    /// Ends all that ask.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// How many keys were accepted after the answer to their revocation.
    pub fn late(&self) -> u64 {
        self.late.load(Ordering::SeqCst)
    }

    /// Asks a server about one key after the other until it ends; how often one was accepted. Whether
    /// it is revoked is looked at before it is asked about.
    pub async fn ask(&self, server: SocketAddr, first: usize) -> u64 {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let (mut buffer, mut accepted) = (vec![0; 4096], 0);
        for key in self.keys.iter().cycle().skip(first) {
            if self.is_over.load(Ordering::SeqCst) {
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
                self.late.fetch_add(u64::from(must_be_refused), Ordering::SeqCst);
            }
        }
        accepted
    }
}
