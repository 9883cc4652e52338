//! A tower layer that lets a request pass when it carries a good `x-api-key`.
//!
//! It knows no database: what is good is decided by an implementation of [`Verify`], and
//! what a refusal looks like by a function. The decision on the header is [`presented`],
//! which is pure. In order:
//!
//! 1. No `x-api-key` header: refused, [`Refusal::Missing`].
//! 2. More than one, or one with a comma (what a proxy makes of two): refused,
//!    [`Refusal::Malformed`]. Otherwise two parties could each believe in another key.
//! 3. Empty, over [`MAX_BYTES`], or not visible ASCII: refused, [`Refusal::Malformed`].
//! 4. [`Verify::verify`] does not know it: refused, [`Refusal::Unknown`].
//! 5. Otherwise the [`Verify::Caller`] is put into the extensions of the request, and the
//!    inner service is called.
//!
//! A refusal is a response, never an error of the service.

mod future;
mod layer;
mod service;

use http::{HeaderMap, HeaderName};

pub use self::future::ResponseFuture;
pub use self::layer::ApiKeyLayer;
pub use self::service::ApiKeyService;

/// The header that carries the key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Longest header value that is looked at, in bytes.
pub const MAX_BYTES: usize = 1024;

/// Decides whether a presented key is good.
pub trait Verify {
    /// Who calls; handed to the inner service as an extension of the request.
    type Caller: Clone + Send + Sync + 'static;

    /// The caller the key belongs to, or nothing. Must not block: it runs inside `call`.
    fn verify(&self, presented: &str) -> Option<Self::Caller>;
}

/// Why a request was refused. For the log: the three must look the same from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No key was presented.
    Missing,
    /// Something was presented that cannot be one key.
    Malformed,
    /// The key is not good.
    Unknown,
}

/// The one presented key, by rules 1 to 3 of the module.
pub fn presented(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(X_API_KEY).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let bytes = value.as_bytes();
    let fits = (1..=MAX_BYTES).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
    if !fits {
        return Err(Refusal::Malformed);
    }
    value.to_str().map_err(|_| Refusal::Malformed)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{HeaderValue, Request, Response, StatusCode};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;

    #[derive(Clone)]
    struct OnlyGood;

    #[derive(Clone, Debug, PartialEq)]
    struct Name(&'static str);

    impl Verify for OnlyGood {
        type Caller = Name;

        fn verify(&self, presented: &str) -> Option<Name> {
            (presented == "good").then_some(Name("tester"))
        }
    }

    fn refuse(refusal: Refusal) -> Response<String> {
        let mut response = Response::new(format!("{refusal:?}"));
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        response
    }

    async fn call(keys: &[&[u8]]) -> (StatusCode, String) {
        let inner = service_fn(|request: Request<()>| async move {
            let caller = request.extensions().get::<Name>().map(|name| name.0);
            Ok::<_, Infallible>(Response::new(format!("called by {caller:?}")))
        });
        let mut request = Request::new(());
        for key in keys {
            request.headers_mut().append(X_API_KEY, HeaderValue::from_bytes(key).unwrap());
        }
        let service = ApiKeyLayer::new(OnlyGood, refuse).layer(inner);
        let response = service.oneshot(request).await.unwrap();
        (response.status(), response.into_body())
    }

    #[tokio::test]
    async fn a_good_key_reaches_the_inner_service_with_its_caller() {
        assert_eq!(call(&[b"good"]).await, (StatusCode::OK, r#"called by Some("tester")"#.into()));
    }

    #[tokio::test]
    async fn everything_else_does_not() {
        let long = vec![b'a'; MAX_BYTES + 1];
        let cases: [(&[&[u8]], Refusal); 9] = [
            (&[], Refusal::Missing),
            (&[b""], Refusal::Malformed),
            (&[b"good", b"good"], Refusal::Malformed),
            (&[b"good,good"], Refusal::Malformed),
            (&[b"go od"], Refusal::Malformed),
            (&[&long], Refusal::Malformed),
            (&["g\u{f6}od".as_bytes()], Refusal::Malformed),
            (&[b"bad"], Refusal::Unknown),
            (&[b"GOOD"], Refusal::Unknown),
        ];
        for (keys, refusal) in cases {
            assert_eq!(call(keys).await, (StatusCode::UNAUTHORIZED, format!("{refusal:?}")));
        }
    }
}
