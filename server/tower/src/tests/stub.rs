//! Servers that stand in for Keyward.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::KeywardLayer;
use crate::header::X_API_KEY;

pub const OWN: &str = "kw_planted-own";
pub const GOOD: &str = "kw_planted-good";

/// Answers every question alike, and notes it: path, key, body.
pub struct Stub {
    pub url: String,
    asked: Arc<Mutex<Vec<(String, String, Value)>>>,
}

impl Stub {
    pub async fn new(status: u16, body: impl Into<String>) -> Self {
        let (body, asked) = (body.into(), Arc::<Mutex<Vec<_>>>::default());
        let notes = asked.clone();
        let answer = async move |request: Request| {
            let (parts, question) = request.into_parts();
            let question = axum::body::to_bytes(question, usize::MAX).await.unwrap();
            let question = serde_json::from_slice(&question).unwrap_or_default();
            let key = parts.headers[X_API_KEY].to_str().unwrap().to_owned();
            notes.lock().unwrap().push((parts.uri.path().to_owned(), key, question));
            (StatusCode::from_u16(status).unwrap(), [(LOCATION, "/elsewhere")], body)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, asked }
    }

    pub async fn saying(code: &str) -> Self {
        Self::new(200, verdict(code).to_string()).await
    }

    pub fn layer(&self) -> KeywardLayer {
        KeywardLayer::new(&self.url, OWN).unwrap()
    }

    /// What it was asked since the last time, where and with which key it must be.
    pub fn questions(&self) -> Vec<Value> {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        let check = |(path, key, question)| {
            assert_eq!((path, key), ("/api/keys/verify".to_owned(), OWN.to_owned()));
            question
        };
        asked.into_iter().map(check).collect()
    }
}

pub fn verdict(code: &str) -> Value {
    json!({ "data": {
        "valid": code == "VALID", "code": code, "keyId": "1", "name": "Gr\u{fc}\u{df}e",
        "scopes": ["orders:read"],
    }})
}

/// Answers with this text and keeps the connection open.
pub async fn stalling(text: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert_ne!(stream.read(&mut [0; 4096]).await.unwrap(), 0);
        stream.write_all(text.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    });
    url
}
