//! What a proxy is answered.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue};

use crate::keys::verification::Caller;

/// The id of the key that was presented.
pub const X_KEYWARD_KEY_ID: HeaderName = HeaderName::from_static("x-keyward-key-id");
/// Its name, percent-encoded UTF-8.
pub const X_KEYWARD_KEY_NAME: HeaderName = HeaderName::from_static("x-keyward-key-name");
/// Its scopes, separated by spaces; empty when it has none.
pub const X_KEYWARD_SCOPES: HeaderName = HeaderName::from_static("x-keyward-scopes");
/// Rule 4: the answer to a good key.
pub(super) fn allow(Caller { key, allowance }: &Caller) -> Response {
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
        allowance.write_headers(headers);
    }
    response
}

/// What makes a client send `Basic` that waits to be asked. It goes first, since some proxies
/// pass on one challenge only.
const BASIC_CHALLENGE: HeaderValue =
    HeaderValue::from_static(r#"Basic realm="keyward", charset="UTF-8""#);

pub(super) fn with_basic_challenge(mut refusal: Response) -> Response {
    let headers = refusal.headers_mut();
    if let Some(own) = headers.remove(WWW_AUTHENTICATE) {
        headers.append(WWW_AUTHENTICATE, BASIC_CHALLENGE);
        headers.append(WWW_AUTHENTICATE, own);
    }
    refusal
}
