//! Requests to the provider. Its answers are input like any other:
//!
//! 1. Over TLS, but for a provider on this machine that is configured so.
//! 2. Nothing is followed to another place.
//! 3. 10 seconds for all of an answer, and at most 1 MiB.

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{HeaderValue, USER_AGENT};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore, crypto};

/// For connecting, the request and all of the answer.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// Largest answer, in bytes.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// Asks the provider.
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// Why there is no answer. For the log.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("it cannot be reached")]
    Unreachable,
    #[error("it did not answer in time")]
    TimedOut,
    #[error("its answer broke off")]
    BrokeOff,
    #[error("its answer is larger than 1 MiB")]
    TooLarge,
    #[error("it answered with a redirect, which is not followed")]
    Redirected,
}

impl HttpClient {
    /// A client that trusts `authorities` beside the public ones. With `allows_plain`, it also
    /// speaks plain http.
    pub fn new(
        authorities: &[CertificateDer<'static>],
        allows_plain: bool,
        timeout: Duration,
    ) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for authority in authorities {
            roots.add(authority.clone())?;
        }
        let provider = Arc::new(crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls);
        let connector =
            if allows_plain { connector.https_or_http() } else { connector.https_only() };
        let client = Client::builder(TokioExecutor::new()).build(connector.enable_http1().build());
        Ok(Self { client, timeout })
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut request = request.map(|body| Full::new(Bytes::from(body)));
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static("keyward"));
        let response = self.client.request(request).await;
        let response = response.map_err(|error| {
            tracing::warn!(cause = causes(&error), "the identity provider cannot be reached");
            HttpError::Unreachable
        })?;
        if response.status().is_redirection() {
            return Err(HttpError::Redirected);
        }
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { HttpError::TooLarge } else { HttpError::BrokeOff }
        })?;
        Ok(HttpResponse::from_parts(parts, body.to_bytes().to_vec()))
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answered = tokio::time::timeout(self.timeout, self.send(request)).await;
            answered.unwrap_or(Err(HttpError::TimedOut))
        })
    }
}

/// An error of the connection with what is behind it, e.g. a certificate of an unknown authority.
fn causes(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// What becomes of a request that is answered with these bytes.
    async fn asked(answer: Vec<u8>, allows_plain: bool) -> Result<HttpResponse, HttpError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(&answer).await;
            // Silent, and not closed.
            std::future::pending::<()>().await;
        });
        let client = HttpClient::new(&[], allows_plain, Duration::from_millis(500)).unwrap();
        let request = ::http::Request::get(uri).body(Vec::new()).unwrap();
        let answered = client.call(request).await;
        server.abort();
        answered
    }

    #[tokio::test]
    async fn answers_that_are_slow_huge_or_redirect_are_refused() {
        let slow = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe".to_vec();
        assert!(matches!(asked(slow, true).await, Err(HttpError::TimedOut)));
        assert!(matches!(asked(Vec::new(), true).await, Err(HttpError::TimedOut)));
        let length = MAX_ANSWER + 1;
        let mut huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").into_bytes();
        huge.resize(huge.len() + length, b'x');
        assert!(matches!(asked(huge, true).await, Err(HttpError::TooLarge)));
        let elsewhere = b"HTTP/1.1 302 Found\r\nlocation: http://planted/\r\n\r\n".to_vec();
        assert!(matches!(asked(elsewhere, true).await, Err(HttpError::Redirected)));
        let good = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec();
        assert_eq!(asked(good.clone(), true).await.unwrap().body(), b"ok");
        assert!(matches!(asked(good, false).await, Err(HttpError::Unreachable)));
    }
}
