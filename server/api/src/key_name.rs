//! The rule for the names of API keys.

use serde::{Deserialize, Serialize};

use crate::characters::{has_invisible, has_visible, is_control};

/// The name of a key: 1 to 64 characters (Unicode scalar values) that can be seen and distinguished
/// from those of other names. White space around it is taken away, and inside it is one space;
/// with the feature `unicode` the text is in normalisation form C (Unicode Standard Annex 15).
/// Control characters and bidi controls are refused, with that feature invisible ones as well.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "line", min_length = 1, max_length = 64, examples("production")))]
pub struct KeyName(String);

impl KeyName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = KeyNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let name = text.trim();
        if name.is_empty() {
            return Err(KeyNameError::Blank);
        }
        if name.chars().any(is_control) {
            return Err(KeyNameError::Control);
        }
        let name = composed(name.split_whitespace().collect::<Vec<_>>().join(" "));
        if name.chars().count() > Self::MAX_CHARS {
            return Err(KeyNameError::TooLong);
        }
        if !has_visible(&name) {
            return Err(KeyNameError::Unseen);
        }
        if has_invisible(&name) {
            return Err(KeyNameError::Invisible);
        }
        Ok(Self(name))
    }
}

/// In normalisation form C, so that one name is written in one way only.
#[cfg(feature = "unicode")]
fn composed(name: String) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    name.nfc().collect()
}

/// The page leaves this to the server: the tables are large.
#[cfg(not(feature = "unicode"))]
fn composed(name: String) -> String {
    name
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

/// Why a text is not the name of a key. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyNameError {
    /// Nothing but white space.
    #[error("Name is required")]
    Blank,
    /// More than [`KeyName::MAX_CHARS`].
    #[error("Name must be 64 characters or fewer")]
    TooLong,
    /// A line break, a NUL or another control character, or one that turns text round.
    #[error("Name must not contain control characters")]
    Control,
    /// Nothing of it can be seen.
    #[error("Name must contain a visible character")]
    Unseen,
    /// A character of no width where it means nothing.
    #[error("Name must not contain invisible characters")]
    Invisible,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Result<String, KeyNameError> {
        KeyName::try_from(text.to_owned()).map(String::from)
    }

    #[test]
    fn names_are_trimmed_of_unicode_white_space() {
        assert_eq!(name("\u{3000} production \u{a0}\n"), Ok("production".into()));
    }

    #[test]
    fn names_have_1_to_64_characters_counted_as_scalar_values() {
        assert_eq!(name(" \t "), Err(KeyNameError::Blank));
        assert_eq!(name(&"\u{1f511}".repeat(64)), Ok("\u{1f511}".repeat(64)));
        assert_eq!(name(&"x".repeat(65)), Err(KeyNameError::TooLong));
    }

    #[test]
    fn names_have_no_control_characters_inside() {
        for control in ["a\0b", "a\nb", "a\u{7f}b", "a\u{85}b", "a\u{202e}b", "a\u{2028}b"] {
            assert_eq!(name(control), Err(KeyNameError::Control), "{control:?}");
        }
    }

    #[cfg(feature = "unicode")]
    #[test]
    fn names_can_be_seen_and_told_apart() {
        for spaced in ["a b", "a  b", "a\u{a0}b", "a \u{3000}\u{2003}b"] {
            assert_eq!(name(spaced), Ok("a b".into()), "{spaced:?}");
        }
        for unseen in ["\u{200b}", "\u{3164}\u{ffa0}", "\u{2800}", "\u{301}", "\u{feff} \u{301}"] {
            assert_eq!(name(unseen), Err(KeyNameError::Unseen), "{unseen:?}");
        }
        for invisible in ["a\u{200b}", "a\u{ad}b", "prod\u{200d}uction", "\u{feff}a", "a\u{e0041}"]
        {
            assert_eq!(name(invisible), Err(KeyNameError::Invisible), "{invisible:?}");
        }
        let emoji = "\u{1f469}\u{200d}\u{1f4bb}";
        assert_eq!(name(emoji), Ok(emoji.into()));
    }

    #[test]
    fn the_sentences_are_those_of_the_contract() {
        assert_eq!(KeyNameError::Blank.to_string(), "Name is required");
        assert_eq!(KeyNameError::TooLong.to_string(), "Name must be 64 characters or fewer");
    }

    proptest! {
        #[test]
        fn a_name_that_is_accepted_stays_the_same_when_parsed_again(text in any::<String>()) {
            if let Ok(once) = name(&text) {
                prop_assert_eq!(name(&once), Ok(once.clone()));
                prop_assert!((1..=64).contains(&once.chars().count()));
            }
        }
    }
}
