//! Third-party secrets as they cross the wire, and the rules for keys and values.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Sensitive;
use crate::audit::AuditActor;
use crate::characters::is_control;
use crate::patch::present;

/// The key of a secret: `^[A-Z][A-Z0-9_]*$`, 1 to 255 characters. Cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(
        value_type = String, pattern = "^[A-Z][A-Z0-9_]*$", min_length = 1, max_length = 255,
        examples("GITHUB_TOKEN")
    )
)]
pub struct SecretKey(String);

impl SecretKey {
    /// Longest key in characters, all of them ASCII.
    pub const MAX_CHARS: usize = 255;

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SecretKey {
    type Error = SecretKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let starts_well = text.starts_with(|c: char| c.is_ascii_uppercase());
        let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if !starts_well || !text.bytes().all(fits) {
            return Err(SecretKeyError::Malformed);
        }
        if text.len() > Self::MAX_CHARS {
            return Err(SecretKeyError::TooLong);
        }
        Ok(Self(text))
    }
}

impl From<SecretKey> for String {
    fn from(key: SecretKey) -> Self {
        key.0
    }
}

/// Why a text is not the key of a secret. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretKeyError {
    /// Not capital letters, digits and underscores, a letter first.
    #[error("Key must be SCREAMING_SNAKE_CASE (e.g., MY_API_KEY)")]
    Malformed,
    /// More than [`SecretKey::MAX_CHARS`].
    #[error("Key must be 255 characters or fewer")]
    TooLong,
}

/// The value of a secret: 1 byte to 64 KiB of UTF-8 without NUL, kept byte for byte.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Sensitive", into = "Sensitive")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(
    value_type = String, pattern = "^[^\\x00]*$", min_length = 1, max_length = 65536,
    examples("ghp_0123456789")
))]
pub struct SecretValue(Sensitive);

impl SecretValue {
    /// Longest value in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The text itself. Each call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Sensitive> for SecretValue {
    type Error = SecretValueError;

    fn try_from(text: Sensitive) -> Result<Self, Self::Error> {
        let value = text.expose();
        if value.is_empty() {
            return Err(SecretValueError::Empty);
        }
        if value.len() > Self::MAX_BYTES {
            return Err(SecretValueError::TooLong);
        }
        if value.contains('\0') {
            return Err(SecretValueError::Nul);
        }
        Ok(Self(text))
    }
}

impl From<SecretValue> for Sensitive {
    fn from(value: SecretValue) -> Self {
        value.0
    }
}

/// Why a text is not the value of a secret. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretValueError {
    /// Nothing at all.
    #[error("Value is required")]
    Empty,
    /// More than [`SecretValue::MAX_BYTES`].
    #[error("Value must be 64 KiB or smaller")]
    TooLong,
    /// A NUL, which no environment variable and few programs can hold.
    #[error("Value must not contain NUL")]
    Nul,
}

/// What a secret is for: trimmed, at most 500 characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "line", max_length = 500, examples("for CI")))]
pub struct Description(String);

impl Description {
    /// Longest description in characters (Unicode scalar values).
    pub const MAX_CHARS: usize = 500;

    /// The text, unless it is empty.
    pub fn into_text(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }
}

impl TryFrom<String> for Description {
    type Error = DescriptionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(DescriptionError::TooLong);
        }
        if text.chars().any(is_control) {
            return Err(DescriptionError::Control);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

/// Why a text is no description. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// More than [`Description::MAX_CHARS`].
    #[error("Text must be 500 characters or fewer")]
    TooLong,
    /// A line break, a NUL or another control character, or one that turns text round.
    #[error("Text must not contain control characters")]
    Control,
}

/// One secret as the list shows it: never its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Secret {
    /// A UUID, unless the row was imported.
    pub id: String,
    /// Distinct among all secrets.
    pub key: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When value or description changed last. In quotes it is the `ETag` of the secret.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Who created it: the e-mail address of a user, or the name of an API key.
    pub created_by: Option<String>,
}

/// `GET /api/secrets/{key}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevealedSecret {
    /// The key that was asked for.
    pub key: String,
    /// Its value, byte for byte.
    pub value: Sensitive,
}

/// `POST /api/secrets`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateSecret {
    /// Distinct among all secrets.
    pub key: SecretKey,
    /// What is sealed.
    pub value: SecretValue,
    /// What it is for; plain text in the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
}

/// The answer to a creation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedSecret {
    /// A UUID.
    pub id: String,
    /// The key.
    pub key: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// `PUT /api/secrets/{key}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateSecret {
    /// A new value.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = SecretValue, required = false))]
    pub value: Option<SecretValue>,
    /// A new description, or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Description>))]
    pub description: Option<Option<Description>>,
}

/// The answer to a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdatedSecret {
    /// The id, as before.
    pub id: String,
    /// The key, as before.
    pub key: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// `GET /api/secrets/{key}/access`: who can read the value, and who last did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretAccess {
    /// The last time that the value was handed out; null: never, as far as the log reaches.
    pub last_read: Option<SecretRead>,
    /// Keys that are accepted and have a scope that reaches it, by name, at most 100.
    pub keys: Vec<SecretReader>,
    /// How many such keys there are.
    pub total_keys: u64,
    /// The roles of people who may reveal it.
    pub roles: Vec<String>,
}

/// A value was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretRead {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// To whom.
    pub actor: AuditActor,
    /// Where the request came from.
    pub address: Option<String>,
}

/// A key that can read a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretReader {
    /// Of the key.
    pub id: String,
    /// Of the key.
    pub name: String,
    /// The first 8 characters of the key.
    pub prefix: String,
    /// The scope that reaches the secret.
    pub scope: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<String, SecretKeyError> {
        SecretKey::try_from(text.to_owned()).map(String::from)
    }

    fn value(text: &str) -> Result<String, SecretValueError> {
        let sensitive = Sensitive::from(text.to_owned());
        SecretValue::try_from(sensitive).map(|value| value.expose().to_owned())
    }

    #[test]
    fn keys_are_screaming_snake_case_of_1_to_255_characters() {
        for good in ["A", "MY_API_KEY", "A_", "X9", "A__B", &"A".repeat(255)] {
            assert_eq!(key(good).as_deref(), Ok(good));
        }
        for bad in ["", "a", "my_key", "_A", "9A", "A B", "A-B", "A\n", "\u{c4}", "A\0", " A"] {
            assert_eq!(key(bad), Err(SecretKeyError::Malformed), "{bad:?}");
        }
        assert_eq!(key(&"A".repeat(256)), Err(SecretKeyError::TooLong));
        let sentence = "Key must be SCREAMING_SNAKE_CASE (e.g., MY_API_KEY)";
        assert_eq!(SecretKeyError::Malformed.to_string(), sentence);
    }

    #[test]
    fn values_have_1_byte_to_64_kib_and_are_kept_byte_for_byte() {
        let long = "\u{1f511}".repeat(16 * 1024);
        for good in [" ", "  a\r\n\t", &long] {
            assert_eq!(value(good).as_deref(), Ok(good));
        }
        assert_eq!(value(""), Err(SecretValueError::Empty));
        assert_eq!(value(&format!("{long}a")), Err(SecretValueError::TooLong));
        assert_eq!(value("a\0b"), Err(SecretValueError::Nul));
    }

    #[test]
    fn descriptions_are_trimmed_and_empty_ones_are_none() {
        let parse = |text: &str| Description::try_from(text.to_owned());
        assert_eq!(parse("  for CI ").unwrap().into_text().as_deref(), Some("for CI"));
        assert_eq!(parse(" ").unwrap().into_text(), None);
        for control in ["a\nb", "a\u{202e}b"] {
            assert_eq!(parse(control), Err(DescriptionError::Control), "{control:?}");
        }
        assert!(parse(&"\u{e4}".repeat(500)).is_ok());
        assert_eq!(parse(&"x".repeat(501)), Err(DescriptionError::TooLong));
    }

    #[test]
    fn an_update_tells_absent_null_and_set_apart() {
        let parse = |json| serde_json::from_str::<UpdateSecret>(json);
        assert!(parse("{}").is_ok_and(|u| u.value.is_none() && u.description.is_none()));
        assert_eq!(parse(r#"{"description":null}"#).unwrap().description, Some(None));
        assert!(parse(r#"{"value":null}"#).is_err());
        assert!(parse(r#"{"key":"A"}"#).is_err());
    }

    #[test]
    fn debug_does_not_show_a_value() {
        let json = r#"{"key":"A","value":"planted-value"}"#;
        let wanted: CreateSecret = serde_json::from_str(json).unwrap();
        assert!(!format!("{wanted:?}").contains("planted"));
        let revealed = RevealedSecret { key: "A".into(), value: "planted".to_owned().into() };
        assert!(!format!("{revealed:?}").contains("planted"));
    }
}
