//! How providers and their models are called, and where a provider is reached.

use serde::{Deserialize, Serialize};

use crate::characters::{has_invisible, has_visible, is_control};

/// A provider, by a name of the operator's choice: `^[a-z][a-z0-9_-]{0,63}$`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(
    value_type = String, pattern = "^[a-z][a-z0-9_-]{0,63}$", max_length = 64, examples("openai")
))]
pub struct ProviderId(String);

impl ProviderId {
    /// Longest name in characters, all of them ASCII.
    pub const MAX_CHARS: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ProviderId {
    type Error = ProviderIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase());
        if starts_well && text.len() <= Self::MAX_CHARS && text.bytes().all(fits) {
            Ok(Self(text))
        } else {
            Err(ProviderIdError)
        }
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

/// The text is no name of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Provider must be 1 to 64 lower-case letters, digits, - or _, and begin with a letter")]
pub struct ProviderIdError;

/// The id of a model among those of all providers. A provider has no slash in its name, so no
/// two models share one.
pub fn model_id(provider: &str, model: &str) -> String {
    format!("{provider}/{model}")
}

/// A model of a provider, as the provider calls it: 1 to 255 characters (Unicode scalar
/// values), none of them a control character, no white space at its ends, and neither `.`
/// nor `..`, which no path can hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "line", min_length = 1, max_length = 255, examples("gpt-5")))]
pub struct ModelName(String);

impl ModelName {
    /// Longest name in characters.
    pub const MAX_CHARS: usize = 255;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ModelName {
    /// A name under which somebody enters a key. It can be seen and distinguished from others; names
    /// that were stored before may be of any form that [`ModelName`] has.
    pub fn new(text: String) -> Result<Self, ModelNameError> {
        let name = Self::try_from(text)?.0;
        if name.chars().any(is_control) {
            return Err(ModelNameError::Control);
        }
        if !has_visible(&name) || has_invisible(&name) {
            return Err(ModelNameError::Invisible);
        }
        if name.split_whitespace().collect::<Vec<_>>().join(" ") != name {
            return Err(ModelNameError::Spaces);
        }
        Ok(Self(name))
    }
}

impl TryFrom<String> for ModelName {
    type Error = ModelNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() {
            return Err(ModelNameError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(ModelNameError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(ModelNameError::Control);
        }
        if text.trim() != text || text == "." || text == ".." {
            return Err(ModelNameError::Odd);
        }
        Ok(Self(text))
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.0
    }
}

/// Why a text is no name of a model. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelNameError {
    /// Nothing at all.
    #[error("Model is required")]
    Empty,
    /// More than [`ModelName::MAX_CHARS`].
    #[error("Model must be 255 characters or fewer")]
    TooLong,
    /// A line break, a NUL or another control character.
    #[error("Model must not contain control characters")]
    Control,
    /// White space at an end, or nothing but one or two dots.
    #[error("Model must not begin or end with white space, nor be . or ..")]
    Odd,
    /// A character that cannot be seen.
    #[error("Model must not contain invisible characters")]
    Invisible,
    /// White space that looks like a single space.
    #[error("Model must not contain white space other than single spaces")]
    Spaces,
}

/// Where a provider is reached: `http://` or `https://`, at most 2048 visible ASCII
/// characters, without a user name or password, since it is kept as plain text. Empty for
/// none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(
    value_type = String, max_length = 2048, examples("https://api.openai.com/v1"),
    pattern = r#"^(https?://[!"$-.0->A-\[\]-~]+([/?#\\][!-~]*)?)?$"#
))]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Longest URL in characters, all of them ASCII.
    pub const MAX_CHARS: usize = 2048;

    /// The URL, unless it is empty.
    pub fn into_text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

impl TryFrom<String> for BaseUrl {
    type Error = BaseUrlError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(String::new()));
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let authority = rest.and_then(|rest| rest.split(['/', '?', '#', '\\']).next());
        let authority = authority.filter(|authority| !authority.is_empty());
        let authority = authority.ok_or(BaseUrlError::NoUrl)?;
        if !text.bytes().all(|b| b.is_ascii_graphic()) || text.len() > Self::MAX_CHARS {
            return Err(BaseUrlError::NoUrl);
        }
        if authority.contains('@') {
            return Err(BaseUrlError::Credentials);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<BaseUrl> for String {
    fn from(url: BaseUrl) -> Self {
        url.0
    }
}

/// Why a text is no base URL. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Not of the form of a URL.
    #[error("Base URL must look like https://api.example.com/v1")]
    NoUrl,
    /// It holds a user name or a password.
    #[error("Base URL must not contain a user name or password")]
    Credentials,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_lower_case_and_begin_with_a_letter() {
        let is_id = |text: &str| ProviderId::try_from(text.to_owned()).is_ok();
        for good in ["a", "openai", "azure-openai_2", &"a".repeat(64)] {
            assert!(is_id(good), "{good}");
        }
        for bad in
            ["", "A", "openAI", "1a", "-a", "_a", "a b", " a", "a/b", "..", "a.b", "a\0", "\u{e4}"]
        {
            assert!(!is_id(bad), "{bad:?}");
        }
        assert!(!is_id(&"a".repeat(65)));
    }

    #[test]
    fn models_are_named_as_the_provider_does() {
        let parse = |text: &str| ModelName::try_from(text.to_owned());
        for good in ["gpt-5", "meta-llama/Llama-3.1:free", "a b", "...", &"\u{1f511}".repeat(255)] {
            assert_eq!(parse(good).map(String::from).as_deref(), Ok(good));
        }
        assert_eq!(parse(""), Err(ModelNameError::Empty));
        assert_eq!(parse(&"a".repeat(256)), Err(ModelNameError::TooLong));
        for control in ["a\0", "a\nb", "\u{7f}", "a\u{85}"] {
            assert_eq!(parse(control), Err(ModelNameError::Control), "{control:?}");
        }
        for odd in [" a", "a ", "\u{3000}a", ".", "..", " "] {
            assert_eq!(parse(odd), Err(ModelNameError::Odd), "{odd:?}");
        }
    }

    #[test]
    fn a_model_that_is_entered_can_be_seen_and_told_apart() {
        let asked = |text: &str| ModelName::new(text.to_owned());
        assert!(asked("meta-llama/Llama-3.1:free").is_ok() && asked("a b").is_ok());
        assert_eq!(asked("a\u{202e}b"), Err(ModelNameError::Control));
        for invisible in ["gpt\u{200b}", "\u{feff}gpt", "\u{3164}", "\u{301}"] {
            assert_eq!(asked(invisible), Err(ModelNameError::Invisible), "{invisible:?}");
            // What is stored already is still found.
            assert!(ModelName::try_from(invisible.to_owned()).is_ok());
        }
        for spaces in ["a  b", "a\u{a0}b", "a\u{2003}b"] {
            assert_eq!(asked(spaces), Err(ModelNameError::Spaces), "{spaces:?}");
        }
    }

    #[test]
    fn base_urls_hold_no_credentials() {
        let parse = |text: &str| BaseUrl::try_from(text.to_owned()).map(BaseUrl::into_text);
        for good in ["https://api.openai.com/v1", "http://localhost:11434", "https://x/a@b"] {
            assert_eq!(parse(good), Ok(Some(good.to_owned())));
        }
        assert_eq!(parse(" "), Ok(None));
        for bad in [
            "api.openai.com",
            "ftp://x",
            "https://",
            "https:///v1",
            "https://x/a b",
            "https://\u{e4}",
        ] {
            assert_eq!(parse(bad), Err(BaseUrlError::NoUrl), "{bad}");
        }
        for bad in ["https://user:password@x/v1", "https://key@x"] {
            assert_eq!(parse(bad), Err(BaseUrlError::Credentials), "{bad}");
        }
    }
}
