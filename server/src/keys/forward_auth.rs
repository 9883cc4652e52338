//! Forward auth: a proxy asks before it lets a request through. One function,
//! [`ForwardAuth::decide`], answers all forms in which proxies ask:
//!
//! | proxy | asks | tells of the client's request |
//! |---|---|---|
//! | Traefik, Caddy, HAProxy | `/api/verify` | `X-Forwarded-Method`, `-Uri`, `-Host`, `-For` |
//! | nginx `auth_request` | `/api/verify` | these, or `X-Original-URI` and `X-Original-Method` |
//! | Envoy `ext_authz` | `/api/verify/envoy/` and the client's path, with its method | `X-Forwarded-For` |
//!
//! In order:
//!
//! 1. The key is in `x-api-key`, in `Authorization: Bearer` (or `ApiKey`) unless that is
//!    switched off, or in the password of `Authorization: Basic` if that is switched on; two at
//!    once are 401, since two parties could each believe in another one.
//! 2. [`Admission`](super::admission::Admission) decides on the key.
//! 3. Each scope that is asked for must be granted: by `?scope=` (never in the form for
//!    Envoy, where the query is the client's own), or by the header `X-Keyward-Scope`. More
//!    scopes only ever refuse more, so it does no harm if the client sends that header.
//! 4. Allowed is 200, with all identity headers always, so that a proxy which copies them
//!    overwrites forged ones.
//!
//! What tells of the client's request is believed from trusted proxies only. It decides
//! nothing but the address of the client; the rest is for the log.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use keyward_api::paths;
use keyward_api::scopes::Scope;
use tower::Service;
use url::form_urlencoded;

use super::verify::{CachedKey, Caller};
use crate::access::api_key::{Accepts, Called, Verify, presented};
use crate::http::client_address::{client_address, is_trusted};
use crate::http::error::Error;
use crate::metrics::Outcome;
use crate::state::AppState;

/// The id of the key that was presented.
pub const X_KEYWARD_KEY_ID: HeaderName = HeaderName::from_static("x-keyward-key-id");
/// Its name, percent-encoded UTF-8.
pub const X_KEYWARD_KEY_NAME: HeaderName = HeaderName::from_static("x-keyward-key-name");
/// Its scopes, separated by spaces; empty when it has none.
pub const X_KEYWARD_SCOPES: HeaderName = HeaderName::from_static("x-keyward-scopes");
/// Scopes that a proxy asks for, separated by spaces or commas.
pub const X_KEYWARD_SCOPE: HeaderName = HeaderName::from_static("x-keyward-scope");

/// How forward auth answers, as the operator decided.
#[derive(Clone, Copy, Debug)]
pub struct ForwardAuthConfig {
    /// Where keys are taken from. `bearer` counts for every route, `basic` here alone.
    pub accepts: Accepts,
    /// The status instead of 429, for proxies that turn it into another one.
    pub throttle_status: StatusCode,
}

/// Decides on the questions that come over one connection.
#[derive(Clone)]
pub struct ForwardAuth {
    state: AppState,
    peer: SocketAddr,
}

impl ForwardAuth {
    /// One that knows the keys of this server.
    pub fn new(state: AppState, peer: SocketAddr) -> Self {
        Self { state, peer }
    }

    fn config(&self) -> ForwardAuthConfig {
        self.state.forward_auth
    }

    /// Who calls, by rules 1 to 3 of the module.
    fn decide<B>(&self, request: &Request<B>, now: Duration) -> Result<Caller, (Outcome, Error)> {
        let headers = request.headers();
        let address = client_address(self.peer.ip(), headers, &self.state.trusted_proxies);
        let presented = presented(headers, self.config().accepts);
        let caller = self.state.admission.admit(presented, address, now)?;
        for asked in scopes_asked_for(request) {
            // What is no scope is granted by none, not even by one that ends in `*`.
            let asked = Scope::asked(asked.into_owned());
            if !asked.as_ref().is_ok_and(|asked| caller.key.identity.has_scope(asked.as_str())) {
                let missing = asked.map_or_else(|_| "that was asked for".to_owned(), String::from);
                return Err((Outcome::MissingScope, Error::MissingScope(missing)));
            }
        }
        Ok(caller)
    }

    fn log<B>(&self, request: &Request<B>, outcome: Outcome, key: Option<&CachedKey>) {
        let is_told = is_trusted(self.peer.ip(), &self.state.trusted_proxies);
        let asked = if is_told { Asked::of(request) } else { Asked::default() };
        tracing::debug!(
            outcome = outcome.as_str(),
            key_id = key.map(|key| &*key.id),
            method = asked.method,
            host = asked.host,
            path = asked.path,
            "forward auth"
        );
    }
}

impl Verify for ForwardAuth {
    type Caller = Caller;
    type Body = Body;

    fn verify<B>(&self, request: &Request<B>) -> Result<Caller, Response> {
        let start = self.state.clock.monotonic();
        let decision = self.decide(request, start);
        let outcome = decision.as_ref().map_or_else(|(outcome, _)| *outcome, |_| Outcome::Accepted);
        self.state.metrics.verified(outcome, self.state.clock.monotonic().saturating_sub(start));
        if tracing::enabled!(tracing::Level::DEBUG) {
            self.log(request, outcome, decision.as_ref().ok().map(|caller| &*caller.key));
        }
        decision.map_err(|(_, error)| {
            let refusal = error.into_response_throttled(self.config().throttle_status);
            if self.config().accepts.basic { asking_for_a_password(refusal) } else { refusal }
        })
    }
}

/// What makes a client send `Basic` that waits to be asked. It goes first, since some proxies
/// pass on one challenge only.
const BASIC_CHALLENGE: HeaderValue =
    HeaderValue::from_static(r#"Basic realm="keyward", charset="UTF-8""#);

fn asking_for_a_password(mut refusal: Response) -> Response {
    let headers = refusal.headers_mut();
    if let Some(own) = headers.remove(WWW_AUTHENTICATE) {
        headers.append(WWW_AUTHENTICATE, BASIC_CHALLENGE);
        headers.append(WWW_AUTHENTICATE, own);
    }
    refusal
}

/// Rule 4: the answer to a good key.
#[derive(Clone, Copy, Debug)]
pub struct Allow;

impl<B> Service<Called<Caller, B>> for Allow {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, called: Called<Caller, B>) -> Self::Future {
        ready(Ok(allow(&called.caller)))
    }
}

fn allow(Caller { key, allowance }: &Caller) -> Response {
    let identity = &key.identity;
    let mut response = Response::new(Body::from(identity.body()));
    let headers = response.headers_mut();
    headers.reserve(8);
    headers.insert(X_KEYWARD_KEY_ID, identity.id());
    headers.insert(X_KEYWARD_KEY_NAME, identity.name());
    headers.insert(X_KEYWARD_SCOPES, identity.scopes());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(allowance) = allowance {
        allowance.tell(headers);
    }
    response
}

/// Between two scopes in one text.
const SEPARATORS: [char; 2] = [' ', ','];

/// Rule 3: what the proxy asks for, in the query or in headers.
fn scopes_asked_for<B>(request: &Request<B>) -> impl Iterator<Item = Cow<'_, str>> {
    let query = request.uri().query().filter(|_| !is_envoy(request.uri().path()));
    let query = query.unwrap_or_default();
    let parameters = form_urlencoded::parse(query.as_bytes());
    let in_query = parameters.filter(|(name, _)| name == "scope").flat_map(|(_, scopes)| {
        // An empty one is asked for, and nobody has it.
        let scopes = scopes.split(SEPARATORS).map(|scope| Cow::Owned(scope.to_owned()));
        scopes.collect::<Vec<_>>()
    });
    let in_headers = request.headers().get_all(X_KEYWARD_SCOPE).iter().flat_map(|value| {
        // What is no text is no scope that any key has.
        let scopes = value.to_str().unwrap_or("?").split(SEPARATORS);
        scopes.filter(|scope| !scope.is_empty()).map(Cow::Borrowed)
    });
    in_query.chain(in_headers)
}

/// Whether forward auth is what this path is about. Some proxies put a slash after an address.
pub fn answers(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path) == paths::VERIFY || is_envoy(path)
}

fn is_envoy(path: &str) -> bool {
    path.strip_prefix(paths::VERIFY_ENVOY)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the client asked the proxy for, as the proxy tells it. Without the query, where a
/// person may have put a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    method: Option<&'a str>,
    host: Option<&'a str>,
    path: Option<&'a str>,
}

impl<'a> Asked<'a> {
    fn of<B>(request: &'a Request<B>) -> Self {
        let header = |names: [&str; 2]| {
            let value = names.iter().find_map(|name| request.headers().get(*name))?;
            value.to_str().ok()
        };
        let path = |uri: &'a str| uri.split(['?', '#']).next();
        let own = request.uri().path();
        if is_envoy(own) {
            let method = Some(request.method().as_str());
            return Self {
                method,
                host: header(["host"; 2]),
                path: own.strip_prefix(paths::VERIFY_ENVOY),
            };
        }
        Self {
            method: header(["x-forwarded-method", "x-original-method"]),
            host: header(["x-forwarded-host"; 2]),
            path: header(["x-forwarded-uri", "x-original-uri"]).and_then(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn scopes_are_asked_for_in_the_query_and_in_headers() {
        let asked = |uri, headers: &[_]| {
            let request = request(uri, headers);
            scopes_asked_for(&request).map(Cow::into_owned).collect::<Vec<_>>().join("|")
        };
        assert_eq!(asked("/api/verify?scope=a&x=b&scope=c%3Ad", &[]), "a|c:d");
        assert_eq!(asked("/api/verify?scope=a%20b,c+d&scope=", &[]), "a|b|c|d|");
        assert_eq!(asked("/api/verify?scope=a", &[("x-keyward-scope", "b, c  d")]), "a|b|c|d");
        assert_eq!(asked("/api/verify/envoy/x?scope=a", &[("x-keyward-scope", "b")]), "b");
        assert_eq!(asked("/api/verify/envoy?scope=a", &[]), "");
        assert_eq!(asked("/api/verify/envoys?scope=a", &[("x-keyward-scope", "")]), "a");
        let mut odd = request("/api/verify", &[]);
        odd.headers_mut().insert(X_KEYWARD_SCOPE, HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(scopes_asked_for(&odd).collect::<Vec<_>>(), ["?"]);
    }

    #[test]
    fn only_the_paths_of_forward_auth_are_answered() {
        for path in ["/api/verify", "/api/verify/", "/api/verify/envoy", "/api/verify/envoy//x"] {
            assert!(answers(path), "{path}");
        }
        for path in ["/", "/api/verify//", "//api/verify", "/api/verify/x", "/api/verify/envoys"] {
            assert!(!answers(path), "{path}");
        }
    }

    #[test]
    fn each_proxy_tells_of_the_request_in_its_way() {
        let nginx = request(
            "/api/verify",
            &[("x-original-uri", "/a?secret=1"), ("x-original-method", "POST")],
        );
        let asked = Asked { method: Some("POST"), host: None, path: Some("/a") };
        assert_eq!(Asked::of(&nginx), asked);
        let traefik = request(
            "/api/verify",
            &[
                ("x-forwarded-uri", "/b#c"),
                ("x-forwarded-method", "PUT"),
                ("x-forwarded-host", "[::1]:8000"),
            ],
        );
        let asked = Asked { method: Some("PUT"), host: Some("[::1]:8000"), path: Some("/b") };
        assert_eq!(Asked::of(&traefik), asked);
        let envoy = request("/api/verify/envoy/c/d?secret=1", &[("host", "e")]);
        let asked = Asked { method: Some("GET"), host: Some("e"), path: Some("/c/d") };
        assert_eq!(Asked::of(&envoy), asked);
        assert_eq!(Asked::of(&request("/api/verify", &[])), Asked::default());
    }
}
