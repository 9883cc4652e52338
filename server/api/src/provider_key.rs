//! The key of a provider or a model as somebody enters it: it is to be sent in a header, so
//! it must be able to stand there.

use serde::{Deserialize, Serialize};

use crate::Sensitive;
use crate::characters::{is_control, is_invisible};
use crate::secrets::SecretValue;

/// 1 byte to 64 KiB of visible ASCII characters and of white space around them, which is taken
/// away: what is copied from a file or a page often ends in a line break. What else could not
/// be sent, or would be sent twice, is refused.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Sensitive", into = "Sensitive")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(value_type = String, pattern = "^\\s*[!-~]+\\s*$", min_length = 1, max_length = 65536, examples("sk-0123456789"))
)]
pub struct ProviderKey(Sensitive);

impl ProviderKey {
    /// The key itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Sensitive> for ProviderKey {
    type Error = ProviderKeyError;

    fn try_from(text: Sensitive) -> Result<Self, Self::Error> {
        // Counted with the white space, as the OpenAPI document does.
        if text.expose().len() > SecretValue::MAX_BYTES {
            return Err(ProviderKeyError::TooLong);
        }
        let key = text.expose().trim();
        check(key)?;
        Ok(Self(key.to_owned().into()))
    }
}

impl From<ProviderKey> for Sensitive {
    fn from(key: ProviderKey) -> Self {
        key.0
    }
}

fn check(key: &str) -> Result<(), ProviderKeyError> {
    use ProviderKeyError as Wrong;
    let has = |is: fn(char) -> bool| key.chars().any(is);
    let rules = [
        (key.is_empty(), Wrong::Empty),
        (has_prefix(key), Wrong::Prefix),
        (has(char::is_control), Wrong::Control),
        (has(|c| is_invisible(c) || is_control(c)), Wrong::Invisible),
        (has(char::is_whitespace), Wrong::Space),
        (!key.is_ascii(), Wrong::NotAscii),
        (is_quoted(key), Wrong::Quotes),
    ];
    let broken = rules.into_iter().find(|(is_broken, _)| *is_broken);
    broken.map_or(Ok(()), |(_, wrong)| Err(wrong))
}

/// Whether the key is what stands in a header, and not the key alone.
fn has_prefix(key: &str) -> bool {
    const SCHEMES: [&str; 4] = ["bearer", "basic", "apikey", "token"];
    const HEADERS: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
    let begins = |word: &str| key.get(..word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word));
    let after = |word: &str| key.get(word.len()..).and_then(|rest| rest.chars().next());
    let is_scheme = |word: &&str| begins(word) && after(word).is_none_or(char::is_whitespace);
    let is_header = |word: &&str| begins(word) && after(word) == Some(':');
    SCHEMES.iter().any(is_scheme) || HEADERS.iter().any(is_header)
}

fn is_quoted(key: &str) -> bool {
    let in_quotes = |quote: char| key.len() > 1 && key.starts_with(quote) && key.ends_with(quote);
    ['"', '\'', '`'].into_iter().any(in_quotes)
}

/// Why a text is not the key of a provider. `Display` is the sentence a person reads, and
/// holds nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderKeyError {
    /// Nothing but white space.
    #[error("Value is required")]
    Empty,
    /// More than 64 KiB.
    #[error("Value must be 64 KiB or smaller")]
    TooLong,
    /// The name of a scheme or of a header stands before it.
    #[error("Value must be the key alone, without \"Bearer\" or the name of a header before it")]
    Prefix,
    /// A line break, a NUL or another control character.
    #[error(
        "Value must not contain line breaks or other control characters: it is sent in a header"
    )]
    Control,
    /// A character of no width, a byte order mark, or one that turns text round.
    #[error("Value must not contain invisible characters: it is sent in a header")]
    Invisible,
    /// White space inside.
    #[error("Value must not contain spaces: it is sent in a header")]
    Space,
    /// A letter with an accent, a curly quotation mark and so on.
    #[error("Value must contain ASCII characters only: it is sent in a header")]
    NotAscii,
    /// In quotation marks, as in a configuration file.
    #[error("Value must not be in quotation marks")]
    Quotes,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Result<String, ProviderKeyError> {
        let key = ProviderKey::try_from(Sensitive::from(text.to_owned()));
        key.map(|key| key.expose().to_owned())
    }

    #[test]
    fn white_space_around_a_key_is_taken_away() {
        for text in ["sk-1", "sk-1\n", "sk-1\r\n", " sk-1\t", "\u{a0}sk-1\u{3000}\u{2028}"] {
            assert_eq!(key(text).as_deref(), Ok("sk-1"), "{text:?}");
        }
    }

    #[test]
    fn what_a_header_can_hold_is_a_key() {
        let long = "~".repeat(64 * 1024);
        for good in ["!", "id:secret", "a,b;c=\"d\"", "Bearer1", "tokens", "basic:x", &long] {
            assert_eq!(key(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_the_reason() {
        use ProviderKeyError as Wrong;
        for (text, wrong) in [
            ("", Wrong::Empty),
            (" \r\n\u{a0}", Wrong::Empty),
            (&"a".repeat(64 * 1024 + 1), Wrong::TooLong),
            (&format!("a{}", " ".repeat(64 * 1024)), Wrong::TooLong),
            ("Bearer sk-1", Wrong::Prefix),
            ("bearer\u{a0}sk-1", Wrong::Prefix),
            ("BEARER ", Wrong::Prefix),
            ("Basic YTpi", Wrong::Prefix),
            ("Authorization: Bearer sk-1", Wrong::Prefix),
            ("x-api-key:sk-1", Wrong::Prefix),
            ("sk-1\nsk-2", Wrong::Control),
            ("sk\0", Wrong::Control),
            ("sk\u{7f}", Wrong::Control),
            ("sk\u{85}1", Wrong::Control),
            ("\u{feff}sk-1", Wrong::Invisible),
            ("sk-1\u{200b}", Wrong::Invisible),
            ("sk\u{200d}1", Wrong::Invisible),
            ("\u{202e}sk-1", Wrong::Invisible),
            ("sk 1", Wrong::Space),
            ("sk\u{a0}1", Wrong::Space),
            ("sk\u{3000}1", Wrong::Space),
            ("\u{201c}sk-1\u{201d}", Wrong::NotAscii),
            ("sk-\u{fc}", Wrong::NotAscii),
            ("\"sk-1\"", Wrong::Quotes),
            ("'sk-1'\n", Wrong::Quotes),
            ("`sk-1`", Wrong::Quotes),
        ] {
            assert_eq!(key(text), Err(wrong), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn an_accepted_key_fits_a_header_and_stays_the_same(text: String) {
            if let Ok(once) = key(&text) {
                prop_assert!(once.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(key(&once), Ok(once.clone()));
            }
        }

        #[test]
        fn a_refusal_holds_nothing_of_the_text(text in "[a-z]{8}\u{200b}[a-z]{8}") {
            let refusal = key(&text).unwrap_err().to_string();
            prop_assert!(!refusal.contains(&text[..8]) && !refusal.contains(&text[11..]));
        }
    }
}
