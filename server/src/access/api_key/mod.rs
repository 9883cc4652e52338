//! A tower layer that lets a request pass when it carries a good key.
//!
//! It knows no database: what is good, and what a refusal looks like, is decided by an
//! implementation of [`Verify`]. How one key is taken out of the headers is [`presented`](mod@presented),
//! which is pure. In order:
//!
//! 1. No key, neither in `x-api-key` nor in an accepted `Authorization`: [`Refusal::Missing`].
//! 2. More than one, or one with a comma (what a proxy makes of two):
//!    [`Refusal::Malformed`]. Otherwise two parties could each believe in another key.
//! 3. Empty, over [`MAX_BYTES`], or not visible ASCII: [`Refusal::Malformed`].
//! 4. [`Verify::verify`] refuses: its answer is the response, and the inner service is not
//!    called.
//! 5. Otherwise the inner service is called with the request and its [`Verify::Caller`].
//!    Both are in its parameter, so that it cannot be mounted without the layer, and nothing
//!    is looked for in the extensions of the request, which takes time.
//!
//! A refusal is a response, never an error of the service.

mod future;
mod layer;
mod presented;
mod service;

use http::{Request, Response};
pub use keyward_tower::header::{HeaderError as Refusal, MAX_BYTES, X_API_KEY};

pub use self::future::ResponseFuture;
pub use self::layer::ApiKeyLayer;
pub use self::presented::{Accepts, Presented, presented};
pub use self::service::ApiKeyService;

/// Decides whether a request may pass.
pub trait Verify {
    /// Who calls; handed to the inner service.
    type Caller;
    /// The body of a refusal, as the inner service has it.
    type Body;

    /// Who calls, or what is answered instead. Must not block: it runs inside `call`.
    fn verify<B>(&self, request: &Request<B>) -> Result<Self::Caller, Response<Self::Body>>;
}

/// A request, and who makes it.
#[derive(Debug)]
pub struct Called<C, B> {
    /// Who.
    pub caller: C,
    /// What.
    pub request: Request<B>,
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{HeaderValue, StatusCode};
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;

    #[derive(Clone)]
    struct OnlyGood;

    struct Name(&'static str);

    impl Verify for OnlyGood {
        type Caller = Name;
        type Body = String;

        fn verify<B>(&self, request: &Request<B>) -> Result<Name, Response<String>> {
            let refused = match presented(request.headers(), Accepts::default()) {
                Ok(key) if &*key == "good" => return Ok(Name("tester")),
                Ok(_) => "Unknown".to_owned(),
                Err(refusal) => format!("{refusal:?}"),
            };
            let mut response = Response::new(refused);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Err(response)
        }
    }

    async fn call(keys: &[&[u8]]) -> (StatusCode, String) {
        let inner = service_fn(|called: Called<Name, ()>| async move {
            let Name(caller) = called.caller;
            Ok::<_, Infallible>(Response::new(format!("called by {caller}")))
        });
        let mut request = Request::new(());
        for key in keys {
            request.headers_mut().append(X_API_KEY, HeaderValue::from_bytes(key).unwrap());
        }
        let service = ApiKeyLayer::new(OnlyGood).layer(inner);
        let response = service.oneshot(request).await.unwrap();
        (response.status(), response.into_body())
    }

    #[tokio::test]
    async fn a_good_key_reaches_the_inner_service_with_its_caller() {
        assert_eq!(call(&[b"good"]).await, (StatusCode::OK, "called by tester".into()));
    }

    #[tokio::test]
    async fn everything_else_does_not() {
        let long = vec![b'a'; MAX_BYTES + 1];
        let cases: [(&[&[u8]], &str); 9] = [
            (&[], "Missing"),
            (&[b""], "Malformed"),
            (&[b"good", b"good"], "Malformed"),
            (&[b"good,good"], "Malformed"),
            (&[b"go od"], "Malformed"),
            (&[&long], "Malformed"),
            (&["g\u{f6}od".as_bytes()], "Malformed"),
            (&[b"bad"], "Unknown"),
            (&[b"GOOD"], "Unknown"),
        ];
        for (keys, refusal) in cases {
            assert_eq!(call(keys).await, (StatusCode::UNAUTHORIZED, refusal.to_owned()));
        }
    }
}
