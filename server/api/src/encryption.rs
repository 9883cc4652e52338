//! The state of encryption as an administrator sees it: no key material.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// `GET /api/admin/encryption`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EncryptionStatus {
    /// The version of the data key that seals new values.
    pub active_version: u32,
    /// Values sealed under a data key.
    pub secrets: u64,
    /// Values of the older layout, directly under the root key; a rotation moves them.
    pub legacy: u64,
    /// All data keys, newest first.
    pub keys: Vec<DataKey>,
    /// How far a rotation that runs on this server has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<RotationProgress>,
}

/// One data key, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DataKey {
    /// Counts up from 1.
    pub version: u32,
    /// Whether it seals new values.
    pub state: DataKeyState,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who made it: an e-mail address, `command line`, or `system` for the first.
    pub created_by: String,
    /// When another took its place.
    #[serde(with = "time::serde::rfc3339::option")]
    pub retired_at: Option<OffsetDateTime>,
}

/// Whether a data key seals new values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DataKeyState {
    /// Seals new values.
    Active,
    /// Kept, so that a backup from its time can be read.
    Retired,
}

impl DataKeyState {
    /// The word in the JSON, and as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// How far a rotation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotationProgress {
    /// Values that are sealed again; they count when the whole is committed.
    pub re_encrypted: u64,
    /// All values.
    pub total: u64,
}

/// `POST /api/admin/encryption/rotate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotated {
    /// The version that seals new values from now on.
    pub new_version: u32,
    /// Values that were sealed again.
    pub re_encrypted: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_json() {
        for state in [DataKeyState::Active, DataKeyState::Retired] {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
