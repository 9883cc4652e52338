//! How the list of keys is filtered and ordered: the words of `status`, `only` and `sort` in the query
//! of `GET /api/keys`.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::keys::ApiKey;

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyStatus {
    /// It is accepted.
    Active,
    /// It is refused until it is enabled, whether or not it has expired.
    Disabled,
    /// It is refused since its expiry.
    Expired,
    /// Its stored row cannot be read.
    Unreadable,
    /// Its stored row was changed outside of Keyward.
    Altered,
}

impl KeyStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Active, Self::Disabled, Self::Expired, Self::Unreadable, Self::Altered];

    /// The word in the query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
            Self::Altered => "altered",
        }
    }

    /// The status of a key at this time.
    pub fn of(key: &ApiKey, now: OffsetDateTime) -> Self {
        Self::before_expiry(key).unless_expired(|| key.expires_at.is_some_and(|end| end <= now))
    }

    /// The status of a key as long as it has not expired.
    pub fn before_expiry(key: &ApiKey) -> Self {
        match key {
            ApiKey { altered: true, .. } => Self::Altered,
            ApiKey { unreadable: true, .. } => Self::Unreadable,
            ApiKey { enabled: false, .. } => Self::Disabled,
            _ => Self::Active,
        }
    }

    /// The status of a key that has this one before its expiry: only what is active expires.
    #[must_use]
    pub fn unless_expired(self, has_expired: impl FnOnce() -> bool) -> Self {
        match self {
            Self::Active if has_expired() => Self::Expired,
            other => other,
        }
    }
}

impl TryFrom<&str> for KeyStatus {
    type Error = String;

    fn try_from(word: &str) -> Result<Self, String> {
        let expected = || expected(&Self::ALL.map(Self::as_str));
        Self::ALL.into_iter().find(|status| status.as_str() == word).ok_or_else(expected)
    }
}

/// The order of the list. Keys that are equal in it come in the order of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeySort {
    /// The oldest first.
    #[default]
    #[serde(rename = "createdAt")]
    Oldest,
    /// The newest first.
    #[serde(rename = "-createdAt")]
    Newest,
    /// By name, in lower case, as Unicode numbers the characters.
    #[serde(rename = "name")]
    Name,
    /// The one that was used last first; keys that were never used at the end.
    #[serde(rename = "-lastUsedAt")]
    LastUsed,
    /// The one that expires first first; keys that never expire at the end.
    #[serde(rename = "expiresAt")]
    Expiry,
}

impl KeySort {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Oldest, Self::Newest, Self::Name, Self::LastUsed, Self::Expiry];

    /// The word in the query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oldest => "createdAt",
            Self::Newest => "-createdAt",
            Self::Name => "name",
            Self::LastUsed => "-lastUsedAt",
            Self::Expiry => "expiresAt",
        }
    }
}

impl TryFrom<&str> for KeySort {
    type Error = String;

    fn try_from(word: &str) -> Result<Self, String> {
        let expected = || expected(&Self::ALL.map(Self::as_str));
        Self::ALL.into_iter().find(|sort| sort.as_str() == word).ok_or_else(expected)
    }
}

/// A key that expires within this time expires soon.
pub const SOON: Duration = Duration::days(7);

/// A key that was neither made nor used within this time is unused.
pub const UNUSED: Duration = Duration::days(90);

/// What about a key may need a person: the words of `only` in the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyConcern {
    /// It is accepted, and expires within 7 days ([`SOON`]).
    ExpiresSoon,
    /// It is accepted, and has no expiry.
    NeverExpires,
    /// It is accepted, has no expiry, and a scope that
    /// [changes something](crate::scopes::changes_something).
    WritesForever,
    /// It is accepted, and was neither made nor used in the last 90 days ([`UNUSED`]).
    Unused,
    /// The key that it replaced is still accepted.
    Overlapping,
}

impl KeyConcern {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ExpiresSoon,
        Self::NeverExpires,
        Self::WritesForever,
        Self::Unused,
        Self::Overlapping,
    ];

    /// The word in the query.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ExpiresSoon => "expires-soon",
            Self::NeverExpires => "never-expires",
            Self::WritesForever => "writes-forever",
            Self::Unused => "unused",
            Self::Overlapping => "overlapping",
        }
    }
}

impl TryFrom<&str> for KeyConcern {
    type Error = String;

    fn try_from(word: &str) -> Result<Self, String> {
        let expected = || expected(&Self::ALL.map(Self::as_str));
        Self::ALL.into_iter().find(|concern| concern.as_str() == word).ok_or_else(expected)
    }
}

fn expected(words: &[&str]) -> String {
    format!("Expected one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_query_are_those_of_the_json() {
        for status in KeyStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            assert_eq!(KeyStatus::try_from(status.as_str()), Ok(status));
        }
        for concern in KeyConcern::ALL {
            assert_eq!(serde_json::to_value(concern).unwrap(), concern.as_str());
            assert_eq!(KeyConcern::try_from(concern.as_str()), Ok(concern));
        }
        for sort in KeySort::ALL {
            assert_eq!(serde_json::to_value(sort).unwrap(), sort.as_str());
            assert_eq!(KeySort::try_from(sort.as_str()), Ok(sort));
        }
        assert_eq!(
            KeyStatus::try_from("gone"),
            Err("Expected one of active, disabled, expired, unreadable, altered".into())
        );
    }
}
