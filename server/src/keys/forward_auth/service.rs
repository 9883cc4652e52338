use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::response::Response;
use futures_util::future::Either;
use http::{Request, StatusCode};
use keyward_api::scopes::Scope;
use tower::Service;

use super::answer::{allow, with_basic_challenge};
use super::question::{Forwarded, is_question, scopes_asked_for};
use crate::access::presented::{Accepts, presented};
use crate::clock::Clock;
use crate::http::client_address::TrustedProxies;
use crate::keys::authenticator::Authenticator;
use crate::keys::verification::{Caller, Verification};
use crate::metrics::Metrics;

/// How forward auth answers, as the operator decided.
#[derive(Clone, Copy, Debug)]
pub struct ForwardAuthConfig {
    /// Where keys are taken from. `bearer` counts for every route, `basic` here alone.
    pub accepts: Accepts,
    /// The status instead of 429, for proxies that turn it into another one.
    pub throttle_status: StatusCode,
}

#[derive(Clone)]
pub struct ForwardAuth(Arc<Inner>);

struct Inner {
    authenticator: Arc<Authenticator>,
    metrics: Arc<Metrics>,
    clock: Clock,
    proxies: TrustedProxies,
    config: ForwardAuthConfig,
}

impl ForwardAuth {
    /// One that knows the keys of this server.
    pub fn new(
        authenticator: Arc<Authenticator>,
        metrics: Arc<Metrics>,
        clock: Clock,
        proxies: TrustedProxies,
        config: ForwardAuthConfig,
    ) -> Self {
        Self(Arc::new(Inner { authenticator, metrics, clock, proxies, config }))
    }

    /// The answer to the question of a proxy at `peer`.
    fn answer<B>(&self, request: &Request<B>, peer: SocketAddr) -> Response {
        let Inner { authenticator, metrics, clock, config, .. } = &*self.0;
        let start = clock.monotonic();
        let verification = self.verify(request, peer, start);
        authenticator.answered(&verification);
        metrics.verified(&verification, clock.monotonic().saturating_sub(start));
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.log(request, peer, &verification);
        }
        match Caller::try_from(verification) {
            Ok(caller) => allow(&caller),
            Err(error) => {
                let refusal = error.into_response_throttled(config.throttle_status);
                if config.accepts.basic { with_basic_challenge(refusal) } else { refusal }
            }
        }
    }

    /// Rules 1 to 3 of the module.
    fn verify<B>(&self, request: &Request<B>, peer: SocketAddr, now: Duration) -> Verification {
        let Inner { authenticator, proxies, config, .. } = &*self.0;
        let headers = request.headers();
        let address = proxies.client_address(peer.ip(), headers);
        let presented = presented(headers, config.accepts);
        let presented = presented.as_ref().map_err(|error| *error);
        let mut verification = authenticator.authenticate(presented, address, now);
        let mut scopes = scopes_asked_for(request);
        // A refusal costs no look at scopes, of which a request may name very many.
        while matches!(verification, Verification::Accepted(_))
            && let Some(scope) = scopes.next()
        {
            verification = match Scope::new(scope.into_owned()) {
                Ok(scope) => verification.with_scope(&scope),
                // What is no scope is granted by none, not even by one that ends in `*`.
                Err(_) => verification.without_scope("that was asked for"),
            };
        }
        verification
    }

    fn log<B>(&self, request: &Request<B>, peer: SocketAddr, verification: &Verification) {
        let is_trusted = self.0.proxies.trusts(peer.ip());
        let forwarded = if is_trusted { Forwarded::of(request) } else { Forwarded::default() };
        let accepted = match verification {
            Verification::Accepted(Caller { key, .. }) => Some(&*key.id),
            _ => None,
        };
        tracing::debug!(
            outcome = verification.label(),
            key_id = accepted,
            method = forwarded.method,
            host = forwarded.host,
            path = forwarded.path,
            "forward auth"
        );
    }
}

/// Answers the questions of proxies; other requests go to the service in it.
#[derive(Clone)]
pub struct ForwardAuthService<S> {
    pub(super) forward_auth: ForwardAuth,
    pub(super) peer: SocketAddr,
    pub(super) inner: S,
}

impl<S, B> Service<Request<B>> for ForwardAuthService<S>
where
    S: Service<Request<B>, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if is_question(request.uri().path()) {
            Either::Left(ready(Ok(self.forward_auth.answer(&request, self.peer))))
        } else {
            Either::Right(self.inner.call(request))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use axum::body::Body;
    use http::HeaderValue;
    use keyward_core::cache::Cache;
    use time::OffsetDateTime;
    use tower::{Layer, ServiceExt, service_fn};

    use super::*;
    use crate::access::presented::{MAX_BYTES, X_API_KEY};
    use crate::keys::forward_auth::ForwardAuthLayer;
    use crate::keys::verifier::Verifier;
    use crate::replicas::{Lease, Servers};

    /// Status, and whether the service in the layer was called.
    async fn call(path: &str, keys: &[&[u8]]) -> (StatusCode, bool) {
        let clock = Clock::manual(OffsetDateTime::UNIX_EPOCH);
        let (cache, lease) = (Arc::new(Cache::new([1; 32])), Arc::new(Lease::unbound()));
        let verifier = Verifier::new(cache, Arc::default(), clock.clone(), lease);
        let authenticator =
            Arc::new(Authenticator::new(verifier, Arc::default(), Servers::default()));
        let config = ForwardAuthConfig {
            accepts: Accepts::default(),
            throttle_status: StatusCode::TOO_MANY_REQUESTS,
        };
        let proxies = TrustedProxies::default();
        let auth = ForwardAuth::new(authenticator, Arc::default(), clock, proxies, config);
        let called = Mutex::new(false);
        let inner = service_fn(async |_: Request<Body>| {
            *called.lock().unwrap() = true;
            Ok(Response::default())
        });
        let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
        for key in keys {
            request.headers_mut().append(X_API_KEY, HeaderValue::from_bytes(key).unwrap());
        }
        let layer = ForwardAuthLayer::new(auth, "192.0.2.1:80".parse().unwrap());
        let response = layer.layer(inner).oneshot(request).await.unwrap();
        (response.status(), *called.lock().unwrap())
    }

    #[tokio::test]
    async fn a_question_is_answered_here_and_everything_else_goes_on() {
        for path in ["/api/verify", "/api/verify/", "/api/verify/envoy/a"] {
            assert_eq!(call(path, &[]).await, (StatusCode::UNAUTHORIZED, false), "{path}");
        }
        for path in ["/", "/api/keys", "/api/verify/a"] {
            assert_eq!(call(path, &[]).await, (StatusCode::OK, true), "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_no_good_key_is_refused() {
        let long = vec![b'a'; MAX_BYTES + 1];
        let cases: [&[&[u8]]; 8] = [
            &[b""],
            &[b"good", b"good"],
            &[b"good,good"],
            &[b"go od"],
            &[&long],
            &["g\u{f6}od".as_bytes()],
            &[b"bad"],
            &[b"GOOD"],
        ];
        for keys in cases {
            assert_eq!(call("/api/verify", keys).await, (StatusCode::UNAUTHORIZED, false));
        }
    }
}
