//! The browser or program of a request, as it calls itself.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::header::USER_AGENT;
use http::request::Parts;

/// So many characters of it are kept.
const MAX_CHARS: usize = 200;

/// The `User-Agent` of a request. It is shown to the person whose session it is, and decides nothing.
#[derive(Clone, Debug)]
pub struct Device(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(USER_AGENT).map(HeaderValue::as_bytes);
        // Of what is no ASCII nothing is known: it may not be UTF-8, or turn the line around.
        let shown = header.map(|bytes| {
            let plain = bytes.iter().filter(|byte| matches!(byte, b' '..=b'~'));
            plain.take(MAX_CHARS).map(|byte| char::from(*byte)).collect::<String>()
        });
        Ok(Self(shown.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())))
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    async fn of(agent: Option<&[u8]>) -> Option<String> {
        let mut request = Request::new(());
        let agent = agent.map(|agent| HeaderValue::from_bytes(agent).unwrap());
        request.headers_mut().extend(agent.map(|agent| (USER_AGENT, agent)));
        Device::from_request_parts(&mut request.into_parts().0, &()).await.unwrap().0
    }

    #[tokio::test]
    async fn only_plain_characters_are_kept_and_not_too_many() {
        assert_eq!(of(None).await, None);
        assert_eq!(of(Some(b"")).await, None);
        assert_eq!(of(Some(b"\t\xff ")).await, None);
        assert_eq!(of(Some("a\u{202e}b".as_bytes())).await.as_deref(), Some("ab"));
        assert_eq!(of(Some(&[b'a'; 999])).await.map(|text| text.len()), Some(MAX_CHARS));
    }
}
