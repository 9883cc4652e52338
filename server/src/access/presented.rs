//! Where a request may carry a key. Pure, and the one reader of it for all routes.
//!
//! 1. `x-api-key`, by the rules of [`keyward_client::header`].
//! 2. `Authorization: Bearer KEY` or `Authorization: ApiKey KEY`, the scheme of our own
//!    challenge, where that is accepted.
//! 3. `Authorization: Basic`, base64 of `USER:KEY` (RFC 7617), where that is accepted; the
//!    user is ignored. Some clients can send a password and nothing else.
//! 4. Another scheme, or one that is not accepted, is none of ours.
//! 5. Two of these, or a second `Authorization` beside one of these, is
//!    [`HeaderError::Malformed`]: two parties could each believe in another key.

use std::ops::Deref;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
pub use keyward_client::header::{HeaderError, MAX_BYTES, X_API_KEY};
use keyward_client::header::{presented as in_own_header, presented_in};
use zeroize::Zeroizing;

/// Longest text of `Basic` that is decoded: a key, and a user of the same length.
const MAX_BASIC: usize = 4 * MAX_BYTES;

/// Where keys are taken from, beside `x-api-key`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepts {
    /// `Authorization` with `Bearer` or `ApiKey`.
    pub bearer: bool,
    /// `Authorization` with `Basic`.
    pub basic: bool,
}

/// What was presented; whether it is a key is another question.
pub enum Presented<'a> {
    Plain(&'a str),
    /// Decoded, and overwritten in memory when it is dropped.
    Decoded(Zeroizing<String>),
}

impl Deref for Presented<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Decoded(text) => text,
        }
    }
}

/// The one presented key, by the rules of the module.
pub fn presented(headers: &HeaderMap, accepts: Accepts) -> Result<Presented<'_>, HeaderError> {
    let own = in_own_header(headers);
    match in_authorization(headers, accepts) {
        None => own.map(Presented::Plain),
        Some(other) if own == Err(HeaderError::Missing) => other,
        Some(_) => Err(HeaderError::Malformed),
    }
}

/// A scheme in which a key may come.
#[derive(Clone, Copy)]
enum Scheme {
    Token,
    Basic,
}

fn in_authorization(
    headers: &HeaderMap,
    accepts: Accepts,
) -> Option<Result<Presented<'_>, HeaderError>> {
    let values = headers.get_all(AUTHORIZATION);
    let (scheme, token) = values.iter().find_map(|value| parse(value.as_bytes(), accepts))?;
    if values.iter().nth(1).is_some() {
        return Some(Err(HeaderError::Malformed));
    }
    Some(match scheme {
        Scheme::Token => presented_in(token).map(Presented::Plain),
        Scheme::Basic => password(token).map(Presented::Decoded),
    })
}

/// The scheme, if it is accepted, and what follows it.
fn parse(value: &[u8], accepts: Accepts) -> Option<(Scheme, &[u8])> {
    let end = value.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(value.len());
    let (name, token) = value.split_at(end);
    let is = |scheme: &[u8]| name.eq_ignore_ascii_case(scheme);
    let scheme = if accepts.bearer && (is(b"bearer") || is(b"apikey")) {
        Scheme::Token
    } else if accepts.basic && is(b"basic") {
        Scheme::Basic
    } else {
        return None;
    };
    Some((scheme, token.trim_ascii()))
}

/// Rule 3. Base64 is decoded strictly: one key is written in one way.
fn password(token: &[u8]) -> Result<Zeroizing<String>, HeaderError> {
    let decoded = (token.len() <= MAX_BASIC).then(|| STANDARD.decode(token).ok()).flatten();
    let decoded = Zeroizing::new(decoded.ok_or(HeaderError::Malformed)?);
    let colon = decoded.iter().position(|byte| *byte == b':').ok_or(HeaderError::Malformed)?;
    Ok(Zeroizing::new(presented_in(&decoded[colon + 1..])?.to_owned()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const ALL: Accepts = Accepts { bearer: true, basic: true };

    fn read(
        accepts: Accepts,
        own: Option<&str>,
        authorization: &[&str],
    ) -> Result<String, HeaderError> {
        let mut headers = HeaderMap::new();
        let value = |text: &str| HeaderValue::from_str(text).unwrap();
        headers.extend(own.map(|key| (X_API_KEY, value(key))));
        for text in authorization {
            headers.append(AUTHORIZATION, value(text));
        }
        presented(&headers, accepts).map(|presented| presented.to_owned())
    }

    #[test]
    fn a_token_is_one_header_of_a_scheme_that_is_accepted() {
        for good in ["Bearer kw_a", "bEARER   kw_a ", "Bearer\tkw_a", "ApiKey kw_a", "apikey kw_a"]
        {
            assert_eq!(read(ALL, None, &[good]).as_deref(), Ok("kw_a"), "{good:?}");
            assert_eq!(
                read(Accepts::default(), None, &[good]),
                Err(HeaderError::Missing),
                "{good:?}"
            );
        }
        for none in [&[][..], &["Digest abc"], &["Bearerkw_a"], &["Bea"], &["kw_a"], &[""]] {
            assert_eq!(read(ALL, None, none), Err(HeaderError::Missing), "{none:?}");
        }
        for malformed in [
            &["Bearer  "][..],
            &["Bearer"],
            &["ApiKey"],
            &["Bearer a b"],
            &["Bearer a,b"],
            &["Bearer a", "Bearer a"],
            &["Bearer a", "ApiKey a"],
            &["Digest a", "Bearer a"],
            &["Bearer a", "Digest a"],
        ] {
            assert_eq!(read(ALL, None, malformed), Err(HeaderError::Malformed), "{malformed:?}");
        }
    }

    #[test]
    fn the_password_of_basic_is_a_key_and_the_user_is_ignored() {
        let basic = |text: &[u8]| format!("Basic {}", STANDARD.encode(text));
        for good in [&b":kw_a"[..], b"x-token:kw_a", b"\xff:kw_a"] {
            assert_eq!(read(ALL, None, &[&basic(good)]).as_deref(), Ok("kw_a"), "{good:?}");
        }
        assert_eq!(read(ALL, None, &[&basic(b"user:kw:a")]).as_deref(), Ok("kw:a"));
        let off = Accepts { basic: false, ..ALL };
        assert_eq!(read(off, None, &[&basic(b":kw_a")]), Err(HeaderError::Missing));
        let long = vec![b'a'; MAX_BYTES + 1];
        for malformed in [
            "Basic".to_owned(),
            "Basic kw_a".to_owned(),
            basic(b"kw_a"),
            basic(b"kw_a:"),
            basic(b":"),
            basic(b":kw a"),
            basic(b":kw_a\n"),
            basic(b":kw_\xff"),
            basic(&[&b":"[..], &long].concat()),
            basic(&[&long.repeat(9)[..], b":kw_a"].concat()),
            // Not the one way to write it: no padding, the other alphabet, stray bits.
            "Basic Omt3X2F".to_owned(),
            "Basic Ojo_Ojo-".to_owned(),
            "Basic Omt3X2F=".to_owned(),
            "Basic OmE=,OmE=".to_owned(),
        ] {
            assert_eq!(read(ALL, None, &[&malformed]), Err(HeaderError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn two_credentials_are_none() {
        let basic = format!("Basic {}", STANDARD.encode(":kw_a"));
        assert_eq!(read(ALL, Some("kw_a"), &[]).as_deref(), Ok("kw_a"));
        for other in ["Bearer kw_a", "ApiKey kw_b", "Bearer", &basic] {
            assert_eq!(read(ALL, Some("kw_a"), &[other]), Err(HeaderError::Malformed), "{other}");
            let none = Accepts::default();
            assert_eq!(read(none, Some("kw_a"), &[other]).as_deref(), Ok("kw_a"), "{other}");
        }
        assert_eq!(read(ALL, None, &["Bearer kw_a", &basic]), Err(HeaderError::Malformed));
        // Another scheme is for the service behind a proxy.
        assert_eq!(read(ALL, Some("kw_a"), &["Digest a"]).as_deref(), Ok("kw_a"));
        assert_eq!(read(ALL, Some("kw,a"), &[]), Err(HeaderError::Malformed));
    }
}
