//! A client with a cookie jar, and answers that are easy to judge.

use std::net::SocketAddr;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

use super::cookies::Cookies;

pub struct Client {
    http: reqwest::Client,
    cookies: Cookies,
    base: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        let (http, cookies) = (reqwest::Client::new(), Cookies::default());
        Self { http, cookies, base: format!("http://{address}") }
    }

    /// One that shows redirects instead of following them.
    pub fn that_stays(address: SocketAddr) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().unwrap(), ..Self::new(address) }
    }

    /// The same browser, with the same cookies, at another server.
    pub fn at(&self, address: SocketAddr) -> Self {
        let (http, cookies) = (self.http.clone(), self.cookies.clone());
        Self { http, cookies, base: format!("http://{address}") }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn get_with(&self, path: &str, headers: &[(&str, &[u8])]) -> Answer {
        self.send(Method::GET, path, headers, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::POST, path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PUT, path, body).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.json(Method::PATCH, path, body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let headers: [(&str, &[u8]); 1] = [("content-type", b"application/json")];
        self.send(method, path, &headers, Some(body.to_string().into())).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &[u8])],
        body: Option<Vec<u8>>,
    ) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let has_cookie = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"));
        if let Some(cookies) = self.cookies.header().filter(|_| !has_cookie) {
            request = request.header(COOKIE, cookies);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        self.cookies.take_from(&headers);
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// The JSON body.
    #[track_caller]
    pub fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What the envelope of a success holds.
    #[track_caller]
    pub fn data(&self) -> Value {
        self.body()["data"].take()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of the cookie whose name begins so, as the answer sets it.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let set = self.headers.get_all("set-cookie").iter();
        set.filter_map(|cookie| cookie.to_str().unwrap().split(';').next()?.split_once('='))
            .find_map(|(found, value)| found.starts_with(name).then_some(value))
    }

    /// Checks the form of an error: status, code and sentence, in both contracts' members.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str, message: &str) -> Self {
        let answer = self.expect(status);
        let body = answer.body();
        assert_eq!(answer.header("content-type"), "application/problem+json");
        let title = http::StatusCode::from_u16(status).unwrap().canonical_reason().unwrap();
        for (member, value) in [
            ("type", "about:blank".into()),
            ("title", title.into()),
            ("status", status.into()),
            ("statusCode", status.into()),
            ("code", code.into()),
            ("detail", message.into()),
            ("message", Value::from(message)),
        ] {
            assert_eq!(body[member], value, "{member} of {body}");
        }
        answer
    }
}
