//! The one header that carries a key, and what of it is looked at. Pure.
//!
//! 1. No `x-api-key` header: [`HeaderError::Missing`].
//! 2. More than one, or one with a comma (what a proxy makes of two):
//!    [`HeaderError::Malformed`]. Otherwise two parties could each believe in another key.
//! 3. Empty, over [`MAX_BYTES`], with a comma, or not visible ASCII: [`HeaderError::Malformed`].
//! 4. Otherwise its value is what was presented, whatever it looks like: only Keyward knows
//!    whether it is a key.

use std::fmt;

use http::{HeaderMap, HeaderName};

/// The header that carries the key.
pub const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Longest presented key that is looked at, in bytes.
pub const MAX_BYTES: usize = 1024;

/// Why there is no presented key. For the log: both must look the same from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderError {
    /// No key was presented.
    Missing,
    /// Something was presented that cannot be one key.
    Malformed,
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no x-api-key header",
            Self::Malformed => "an x-api-key header that cannot be one key",
        })
    }
}

impl std::error::Error for HeaderError {}

/// The one presented key, by the rules of the module.
pub fn presented(headers: &HeaderMap) -> Result<&str, HeaderError> {
    let mut values = headers.get_all(X_API_KEY).iter();
    let value = values.next().ok_or(HeaderError::Missing)?;
    if values.next().is_some() {
        return Err(HeaderError::Malformed);
    }
    presented_in(value.as_bytes())
}

/// The same for a key that stands elsewhere: rules 3 and 4.
pub fn presented_in(bytes: &[u8]) -> Result<&str, HeaderError> {
    let fits = (1..=MAX_BYTES).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_graphic() && *byte != b',');
    let text = std::str::from_utf8(bytes).ok().filter(|_| fits);
    text.ok_or(HeaderError::Malformed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&[u8]]) -> HeaderMap {
        let values = values.iter().map(|value| HeaderValue::from_bytes(value).unwrap());
        values.map(|value| (X_API_KEY, value)).collect()
    }

    #[test]
    fn one_header_of_visible_ascii_is_what_was_presented() {
        let long = "~".repeat(MAX_BYTES);
        for good in ["kw_good", "!", r#"an-imported=key"/+"#, &long] {
            assert_eq!(presented(&headers(&[good.as_bytes()])), Ok(good));
        }
    }

    #[test]
    fn everything_else_is_not() {
        assert_eq!(presented(&HeaderMap::new()), Err(HeaderError::Missing));
        let long = vec![b'a'; MAX_BYTES + 1];
        let cases: [&[&[u8]]; 8] = [
            &[b""],
            &[b"good", b"good"],
            &[b"good", b""],
            &[b"good,good"],
            &[b"go od"],
            &[b"go\tod"],
            &[&long],
            &["g\u{f6}od".as_bytes()],
        ];
        for values in cases {
            assert_eq!(presented(&headers(values)), Err(HeaderError::Malformed), "{values:?}");
        }
    }
}
