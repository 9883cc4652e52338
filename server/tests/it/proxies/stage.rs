//! A proxy between Keyward and a service that reports what reached it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::proxy::{Addresses, Kind, Proxy};
use crate::support::{Answer, App, Backend, Client, EMAIL, PASSWORD, TestDatabase};

const SETTINGS: [(&str, &str); 4] = [
    ("KEYWARD_ADMIN_EMAIL", EMAIL),
    ("KEYWARD_ADMIN_PASSWORD", PASSWORD),
    ("KEYWARD_TRUSTED_PROXIES", "127.0.0.1"),
    ("KEYWARD_THROTTLE_STATUS", "403"),
];

/// A Keyward that the proxies can ask.
pub async fn keyward() -> App {
    App::with(TestDatabase::new(Backend::Sqlite).await, &SETTINGS).await
}

/// A proxy, and the service behind it.
pub struct Stage {
    _proxy: Proxy,
    /// Talks to the proxy.
    pub client: Client,
    /// How often the service was called.
    calls: Arc<AtomicUsize>,
    /// Keeps the folder when Keyward is gone.
    database: TestDatabase,
}

impl Stage {
    pub async fn new(kind: Kind) -> (App, Self) {
        let app = keyward().await;
        let database = app.database.shared();
        let calls = Arc::new(AtomicUsize::new(0));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = listener.local_addr().unwrap();
        let router = Router::new().fallback(describe).with_state(calls.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let addresses = Addresses { keyward: app.address, service };
        let (proxy, address) =
            Proxy::start(kind, database.folder(), str::to_owned, addresses).await;
        let client = Client::new(address);
        (app, Self { _proxy: proxy, client, calls, database })
    }

    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.client.get_with(path, &headers).await
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What reached the service of a request that passes.
    pub async fn allowed(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        let before = self.calls();
        let answer = self.ask(path, headers).await.expect(200);
        assert_eq!(self.calls(), before + 1, "{path}");
        for hidden in ["kw_", "x-api-key", "authorization"] {
            assert!(!answer.text.contains(hidden), "{hidden} in {}", answer.text);
        }
        answer.body()
    }

    /// The answer, with one of these statuses, to a request that does not reach the service.
    pub async fn refused(&self, statuses: &[u16], path: &str, headers: &[(&str, &str)]) -> Answer {
        let before = self.calls();
        let answer = self.ask(path, headers).await;
        assert!(statuses.contains(&answer.status), "{path} {headers:?}: {answer:?}");
        assert_eq!(self.calls(), before, "{path} {headers:?}");
        answer
    }

    /// What the proxy has written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.database.folder().join("log")).unwrap()
    }
}

/// The service: describes the request it received.
async fn describe(State(calls): State<Arc<AtomicUsize>>, request: Request) -> Json<Value> {
    calls.fetch_add(1, Ordering::SeqCst);
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let headers = parts.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Json(json!({
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query(),
        "headers": headers,
        "length": body.len(),
        "sum": crc32fast::hash(&body),
    }))
}
