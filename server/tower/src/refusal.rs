use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use keyward_api::scopes::Scope;
use keyward_api::{Problem, challenge};

const CHALLENGE: HeaderValue = HeaderValue::from_static(challenge::CHALLENGE);

/// Why a request does not reach the inner service, as far as its caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Unauthenticated,
    AddressNotAllowed,
    MissingScope(Scope),
    RateLimited,
    Unavailable,
}

impl Refusal {
    fn status_code_and_detail(&self) -> (StatusCode, &'static str, String) {
        match self {
            Self::Unauthenticated => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "A valid credential is required".to_owned(),
            ),
            Self::AddressNotAllowed => (
                StatusCode::FORBIDDEN,
                "address_not_allowed",
                "This key is not accepted from your address".to_owned(),
            ),
            Self::MissingScope(scope) => (
                StatusCode::FORBIDDEN,
                "missing_scope",
                format!("This key lacks the scope {}", scope.as_str()),
            ),
            Self::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "rate_limited",
                "This key is used too often; try again later".to_owned(),
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "verification_unavailable",
                "Keys cannot be verified at the moment; try again later".to_owned(),
            ),
        }
    }

    /// What the caller gets: the same body as Keyward's own refusals.
    pub fn response<B: From<String>>(&self) -> Response<B> {
        let (status, code, detail) = self.status_code_and_detail();
        let title = status.canonical_reason().unwrap_or_default();
        let problem = Problem::new(status.as_u16(), title, code, detail);
        // Texts and a number always fit JSON; were it otherwise, the status still refuses.
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = Response::new(B::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}
