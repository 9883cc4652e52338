//! What a proxy asks. Pure.

use std::borrow::Cow;

use http::{HeaderName, Request};
use keyward_api::paths;
use url::form_urlencoded;

/// Scopes that a proxy asks for, separated by spaces or commas.
pub const X_KEYWARD_SCOPE: HeaderName = HeaderName::from_static("x-keyward-scope");

const SEPARATORS: [char; 2] = [' ', ','];

/// Rule 3: what the proxy asks for, in the query or in headers.
pub(super) fn scopes_asked_for<B>(request: &Request<B>) -> impl Iterator<Item = Cow<'_, str>> {
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
pub fn is_question(path: &str) -> bool {
    path.strip_suffix('/').unwrap_or(path) == paths::VERIFY || is_envoy(path)
}

fn is_envoy(path: &str) -> bool {
    path.strip_prefix(paths::VERIFY_ENVOY)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What the client asked the proxy for, as the proxy reports it. Without the query, where a person
/// may have put a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded<'a> {
    pub(super) method: Option<&'a str>,
    pub(super) host: Option<&'a str>,
    pub(super) path: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    pub(super) fn of<B>(request: &'a Request<B>) -> Self {
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
    use http::HeaderValue;

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
    fn only_the_paths_of_forward_auth_are_questions() {
        for path in ["/api/verify", "/api/verify/", "/api/verify/envoy", "/api/verify/envoy//x"] {
            assert!(is_question(path), "{path}");
        }
        for path in ["/", "/api/verify//", "//api/verify", "/api/verify/x", "/api/verify/envoys"] {
            assert!(!is_question(path), "{path}");
        }
    }

    #[test]
    fn each_proxy_tells_of_the_request_in_its_way() {
        let nginx = request(
            "/api/verify",
            &[("x-original-uri", "/a?secret=1"), ("x-original-method", "POST")],
        );
        let asked = Forwarded { method: Some("POST"), host: None, path: Some("/a") };
        assert_eq!(Forwarded::of(&nginx), asked);
        let traefik = request(
            "/api/verify",
            &[
                ("x-forwarded-uri", "/b#c"),
                ("x-forwarded-method", "PUT"),
                ("x-forwarded-host", "[::1]:8000"),
            ],
        );
        let asked = Forwarded { method: Some("PUT"), host: Some("[::1]:8000"), path: Some("/b") };
        assert_eq!(Forwarded::of(&traefik), asked);
        let envoy = request("/api/verify/envoy/c/d?secret=1", &[("host", "e")]);
        let asked = Forwarded { method: Some("GET"), host: Some("e"), path: Some("/c/d") };
        assert_eq!(Forwarded::of(&envoy), asked);
        assert_eq!(Forwarded::of(&request("/api/verify", &[])), Forwarded::default());
    }
}
