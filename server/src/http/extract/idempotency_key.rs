//! The header by which a client marks a request that it may send again.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::http::error::Error;

const NAME: &str = "Idempotency-Key";

/// Longest value in bytes.
const MAX: usize = 255;

/// `Idempotency-Key`, if there is one: 1 to 255 printable ASCII characters, as they come.
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(Error::field(NAME, "Given twice"));
        }
        let is_printable = |byte: &u8| matches!(byte, b' '..=b'~');
        let fits = (1..=MAX).contains(&value.len()) && value.as_bytes().iter().all(is_printable);
        let text = value.to_str().ok().filter(|_| fits);
        let message = "Expected 1 to 255 printable ASCII characters";
        text.map(|text| Self(Some(text.to_owned()))).ok_or_else(|| Error::field(NAME, message))
    }
}
