//! Named API keys as they cross the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Sensitive;
pub use crate::key_name::{KeyName, KeyNameError};
#[cfg(feature = "openapi")]
use crate::limits::Network;
use crate::limits::{GraceSeconds, RateLimit};
use crate::patch::{nullable, present};
use crate::scopes::{Scopes, changed_scopes, new_scopes};

/// One key as everybody who is signed in may see it: never the key, never its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// Stays the same for the life of the key; a UUID, unless the row was imported.
    pub id: String,
    /// Distinct among all keys.
    pub name: String,
    /// The first 8 characters of the key, for a person to recognise it by.
    pub prefix: String,
    /// What the key may do beyond proving who calls.
    pub scopes: Scopes,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Who created it: the e-mail address of a user, `key NAME`, or `command line`.
    pub created_by: Option<String>,
    /// When a verification last accepted it, up to 5 seconds late. A key that it replaced does
    /// not count.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
    /// From where it was used then; absent: it was not used, or the address is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_address: Option<String>,
    /// From this instant on it is refused.
    #[serde(with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
    /// A disabled key is refused until it is enabled again.
    pub enabled: bool,
    /// How often it is accepted; absent: as often as it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Networks in CIDR notation from which it is accepted; absent: from everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed_networks: Vec<String>,
    /// The key that was replaced by a rotation; absent: it no longer works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// The stored row cannot be read: it authenticates nobody and can only be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
    /// The stored row was changed outside of Keyward; it counts as unreadable, and its name is
    /// what stands there now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub altered: bool,
}

/// A key that was replaced and still works for a while beside the one that replaced it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Overlap {
    /// The first 8 characters of the old key.
    pub prefix: String,
    /// From this instant on the old key is refused.
    #[serde(with = "time::serde::rfc3339")]
    pub ends_at: OffsetDateTime,
    /// When a verification last accepted the old key, up to 5 seconds late.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_used_at: Option<OffsetDateTime>,
}

/// The answer to a creation or a rotation: the record, and the key itself for the only time.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApiKey {
    /// What the list shows from now on.
    #[serde(flatten)]
    pub record: ApiKey,
    /// The whole key. It is stored nowhere and cannot be shown again.
    pub key: Sensitive,
}

/// `POST /api/keys`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateApiKey {
    /// Distinct among all keys.
    pub name: KeyName,
    /// None by default: the key proves who calls and does nothing else.
    #[serde(default, deserialize_with = "new_scopes")]
    pub scopes: Scopes,
    /// In the future; absent or `null` for a key that does not expire.
    #[serde(default, with = "time::serde::rfc3339::option")]
    #[cfg_attr(feature = "openapi", schema(examples("2099-12-31T23:59:59Z")))]
    pub expires_at: Option<OffsetDateTime>,
    /// Absent or `null` for a key that is accepted as often as it comes.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
    /// At most 32 networks or addresses; none by default: accepted from everywhere.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Network>, required = false, max_items = 32))]
    pub allowed_networks: Vec<String>,
}

/// `POST /api/keys/{id}/rotate`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotateApiKey {
    /// How long the old key works beside the new one.
    pub grace_seconds: GraceSeconds,
}

/// `PATCH /api/keys/{id}`: what is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateApiKey {
    /// A new name, distinct among all keys.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = KeyName, required = false))]
    pub name: Option<KeyName>,
    /// Replaces all scopes.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "changed_scopes")]
    #[cfg_attr(feature = "openapi", schema(value_type = Scopes, required = false))]
    pub scopes: Option<Scopes>,
    /// A new expiry in the future, or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable_time")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, examples("2099-12-31T23:59:59Z")))]
    pub expires_at: Option<Option<OffsetDateTime>>,
    /// `false` refuses the key until it is `true` again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = bool, required = false))]
    pub enabled: Option<bool>,
    /// A new limit, or `null` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "nullable")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<RateLimit>))]
    pub rate_limit: Option<Option<RateLimit>>,
    /// Replaces all networks; an empty list accepts the key from everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Network>, required = false, max_items = 32))]
    pub allowed_networks: Option<Vec<String>>,
}

/// Who calls: the answer of `/api/verify` to a good key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifiedCaller {
    /// The id of the key.
    pub key_id: String,
    /// The name of the key.
    pub name: String,
    /// The scopes of the key.
    pub scopes: Scopes,
}

/// Absent, `null` and a time are three things; serde alone tells two of them apart.
mod nullable_time {
    use serde::{Deserializer, Serializer};
    use time::OffsetDateTime;
    use time::serde::rfc3339::option;

    #[expect(clippy::option_option, reason = "absent, null and a time are three things")]
    #[expect(clippy::ref_option, reason = "the shape serde calls")]
    pub fn serialize<S: Serializer>(
        value: &Option<Option<OffsetDateTime>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        option::serialize(&value.flatten(), to)
    }

    #[expect(clippy::option_option, reason = "absent, null and a time are three things")]
    pub fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Option<OffsetDateTime>>, D::Error> {
        option::deserialize(from).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_tells_absent_null_and_set_apart() {
        let parse = |json| serde_json::from_str::<UpdateApiKey>(json);
        assert_eq!(parse("{}").unwrap().expires_at, None);
        assert_eq!(parse(r#"{"expiresAt":null}"#).unwrap().expires_at, Some(None));
        assert!(parse(r#"{"expiresAt":"2030-01-01T00:00:00Z"}"#).unwrap().expires_at.is_some());
        assert!(parse(r#"{"enabled":null}"#).is_err());
        assert!(parse(r#"{"id":"x"}"#).is_err());
        assert_eq!(parse("{}").unwrap().rate_limit, None);
        assert_eq!(parse(r#"{"rateLimit":null}"#).unwrap().rate_limit, Some(None));
        assert!(parse(r#"{"allowedNetworks":null}"#).is_err());
    }

    #[test]
    fn debug_of_a_created_key_does_not_show_the_key() {
        let record = ApiKey {
            id: String::new(),
            name: "n".into(),
            prefix: "kw_Ab3dE".into(),
            scopes: Scopes::default(),
            created_at: OffsetDateTime::UNIX_EPOCH,
            created_by: None,
            last_used_at: None,
            last_used_address: None,
            expires_at: None,
            enabled: true,
            rate_limit: None,
            allowed_networks: Vec::new(),
            overlap: None,
            unreadable: false,
            altered: false,
        };
        let created = CreatedApiKey { record, key: "planted-value".to_owned().into() };
        assert!(!format!("{created:?}").contains("planted"));
        assert!(serde_json::to_string(&created).unwrap().contains(r#""key":"planted-value""#));
    }
}
