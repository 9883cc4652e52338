//! The client.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use keyward_api::verification::{Verdict, VerifyKey};
use keyward_api::{Data, paths};
use reqwest::{Url, redirect};

use crate::header::{X_API_KEY, presented_in};

const TIMEOUT: Duration = Duration::from_secs(2);

/// Below what servers and proxies usually allow: a question must not go out on a connection
/// that is being closed.
const IDLE: Duration = Duration::from_secs(10);

/// Largest answer that is read, in bytes. A verdict with the longest scopes has 9 KiB.
const MAX_ANSWER: usize = 64 * 1024;

/// Asks a Keyward about the keys of callers. Clones share their connections; `Debug` shows no key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: Url,
    key: HeaderValue,
    timeout: Duration,
}

/// Why a client cannot be made. None shows the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL is none, not `http` or `https`, or has more than host, port and path.
    #[error("Keyward's URL must look like http://127.0.0.1:8080, without user, query or fragment")]
    Url,
    /// The back end's own key is empty, or cannot be one key.
    #[error("the key to ask Keyward with is empty or cannot be a key")]
    Key,
    /// The HTTP client cannot be made.
    #[error("the HTTP client to ask Keyward with cannot be made")]
    Http(#[source] reqwest::Error),
}

/// Why there is no verdict. For the log.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers there, or not in time.
    #[error("Keyward does not answer")]
    Unanswered(#[from] reqwest::Error),
    /// The back end's own key is refused.
    #[error("Keyward refuses the key of this back end: it must be good and have keys:verify")]
    OwnKey,
    /// Another status than 200.
    #[error("Keyward answers with {0}")]
    Status(StatusCode),
    /// Not what Keyward answers, or not one that this version knows. Without the text, which
    /// might repeat the key.
    #[error("the answer is no verdict; is this the address of Keyward?")]
    NoVerdict,
}

impl Client {
    /// A client of the Keyward at this URL (`http` or `https`; a path is kept), with a key that has
    /// the scope `keys:verify`. Nothing is sent yet.
    pub fn new(url: &str, key: &str) -> Result<Self, ConfigError> {
        let http = reqwest::Client::builder()
            // Either would see the keys.
            .redirect(redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .build()
            .map_err(ConfigError::Http)?;
        Ok(Self { http, url: verify_url(url)?, key: own_key(key)?, timeout: TIMEOUT })
    }

    /// How long an answer may take, connecting included; 2 seconds when not set.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Whether a key is good. Nothing is sent before the future is polled.
    pub fn verify(
        &self,
        question: &VerifyKey,
    ) -> impl Future<Output = Result<Verdict, ClientError>> + Send + use<> {
        let request = self
            .http
            .post(self.url.clone())
            .header(X_API_KEY, self.key.clone())
            .timeout(self.timeout)
            .json(question);
        async move {
            let mut answer = request.send().await?;
            match answer.status() {
                StatusCode::OK => (),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(ClientError::OwnKey);
                }
                status => return Err(ClientError::Status(status)),
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER {
                    return Err(ClientError::NoVerdict);
                }
            }
            let verdict: Data<Verdict> =
                serde_json::from_slice(&body).map_err(|_| ClientError::NoVerdict)?;
            Ok(verdict.data)
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { http: _, url, key: _, timeout } = self;
        f.debug_struct("Client")
            .field("url", &url.as_str())
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}

/// Where to ask, beneath the URL of Keyward.
fn verify_url(base: &str) -> Result<Url, ConfigError> {
    let mut url = Url::parse(base).map_err(|_| ConfigError::Url)?;
    let has_more = !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some();
    if !matches!(url.scheme(), "http" | "https") || has_more {
        return Err(ConfigError::Url);
    }
    url.path_segments_mut()
        .map_err(|()| ConfigError::Url)?
        .pop_if_empty()
        .extend(paths::KEYS_VERIFY.split('/').skip(1));
    Ok(url)
}

/// The back end's own key, by the rules for every other.
fn own_key(key: &str) -> Result<HeaderValue, ConfigError> {
    let key = presented_in(key.as_bytes()).map_err(|_| ConfigError::Key)?;
    let mut value = HeaderValue::from_str(key).map_err(|_| ConfigError::Key)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_goes_beneath_the_url() {
        for (base, expected) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/keys/verify"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/api/keys/verify"),
            ("https://[::1]/keyward", "https://[::1]/keyward/api/keys/verify"),
            ("https://example.com/a/b/", "https://example.com/a/b/api/keys/verify"),
        ] {
            assert_eq!(verify_url(base).unwrap().as_str(), expected);
        }
        for bad in [
            "",
            "127.0.0.1:8080",
            "localhost:8080",
            "/api",
            "ftp://example.com",
            "data:text/plain,x",
            "http://user@example.com",
            "http://:planted@example.com",
            "http://example.com?a",
            "http://example.com#a",
        ] {
            assert!(matches!(verify_url(bad), Err(ConfigError::Url)), "{bad}");
        }
    }

    #[test]
    fn an_own_key_that_cannot_be_one_is_told_at_the_start() {
        assert!(own_key("kw_good").unwrap().is_sensitive());
        for bad in ["", " ", "a b", "a,b", "a\n", "\u{f6}", &"a".repeat(1025)] {
            assert!(matches!(own_key(bad), Err(ConfigError::Key)), "{bad:?}");
        }
    }

    #[test]
    fn nothing_that_is_printed_shows_the_key() {
        let client = Client::new("http://127.0.0.1:8080", "kw_planted").unwrap();
        assert_eq!(
            format!("{client:?}"),
            r#"Client { url: "http://127.0.0.1:8080/api/keys/verify", timeout: 2s, .. }"#
        );
        let error = Client::new("http://127.0.0.1:8080", "kw_planted,").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("planted"));
        let error = Client::new("http://kw_planted@127.0.0.1", "kw_own").unwrap_err();
        assert!(!format!("{error:?} {error}").contains("planted"));
    }
}
