//! Requests, and answers that are easy to judge.

use std::net::SocketAddr;

use http::{HeaderMap, Method};
use serde_json::Value;

use crate::server::SESSION_COOKIE;

/// What is presented with a request.
#[derive(Clone, Debug)]
pub enum Credential {
    Nothing,
    Key(String),
    /// The token in the cookie.
    Session(String),
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

#[derive(Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// Keeps no connection: it would keep a server that is stopped.
    pub fn new() -> Self {
        Self(reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap())
    }

    pub async fn ask(
        &self,
        address: SocketAddr,
        credential: &Credential,
        (method, path): (Method, &str),
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.0.request(method, format!("http://{address}{path}"));
        request = match credential {
            Credential::Nothing => request,
            Credential::Key(key) => request.header("x-api-key", key),
            Credential::Session(token) => {
                request.header("cookie", format!("{SESSION_COOKIE}={token}"))
            }
        };
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}

impl Answer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn data(&self) -> Value {
        let mut body: Value = serde_json::from_str(&self.text).unwrap_or_default();
        body["data"].take()
    }

    /// The token of the session that it begins.
    pub fn session(&self) -> Option<String> {
        let set = self.headers.get_all("set-cookie").iter();
        set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next()?.split_once('='))
            .find_map(|(name, value)| (name == SESSION_COOKIE).then(|| value.to_owned()))
    }

    /// Who a key belongs to, as forward auth says it.
    pub fn identity(&self) -> Vec<String> {
        let header = |name: &str| {
            self.headers.get(name).map(|value| format!("{name}: {}", value.to_str().unwrap_or("?")))
        };
        ["x-keyward-key-id", "x-keyward-key-name", "x-keyward-scopes"]
            .into_iter()
            .filter_map(header)
            .collect()
    }
}
