//! Asking whether the key of another caller is good, for back ends without forward auth.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::Sensitive;
use crate::scopes::{Scope, Scopes};

/// `POST /api/keys/verify`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VerifyKey {
    /// What the caller presented.
    pub key: Sensitive,
    /// What the caller wants to do, if that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The address the caller came from. A key that is accepted from some networks only is
    /// not good without it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "address")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "ip", examples("192.0.2.1")))]
    pub address: Option<IpAddr>,
}

fn address<'de, D: Deserializer<'de>>(from: D) -> Result<Option<IpAddr>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    let address = text.map(|text| text.parse()).transpose();
    address.map_err(|_| de::Error::custom("Expected an IP address"))
}

/// Whether the key is good, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// Whether the caller may go on: the code is `VALID`.
    pub valid: bool,
    /// Why.
    pub code: VerdictCode,
    /// The id of the key, if it is known.
    pub key_id: Option<String>,
    /// The name of the key, if it is known.
    pub name: Option<String>,
    /// The scopes of the key; none when it is not known.
    pub scopes: Scopes,
}

/// Why a key is good or not. The first that applies, in the order of `NOT_FOUND`, `DISABLED`,
/// `EXPIRED`, `ADDRESS_NOT_ALLOWED`, `RATE_LIMITED`, `INSUFFICIENT_SCOPE`, `VALID`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum VerdictCode {
    /// It is good.
    Valid,
    /// No key is like it.
    NotFound,
    /// It has expired.
    Expired,
    /// It is disabled.
    Disabled,
    /// It is good, but not for a caller from there.
    AddressNotAllowed,
    /// It is good, but was used too often; it will be accepted again.
    RateLimited,
    /// It is good, but lacks the scope that was asked for.
    InsufficientScope,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_in_the_contract() {
        use VerdictCode::{Disabled, Expired, InsufficientScope, NotFound, Valid};
        let codes = [Valid, NotFound, Expired, Disabled, InsufficientScope];
        let json = serde_json::to_string(&codes).unwrap();
        assert_eq!(json, r#"["VALID","NOT_FOUND","EXPIRED","DISABLED","INSUFFICIENT_SCOPE"]"#);
        let codes = [VerdictCode::AddressNotAllowed, VerdictCode::RateLimited];
        let json = serde_json::to_string(&codes).unwrap();
        assert_eq!(json, r#"["ADDRESS_NOT_ALLOWED","RATE_LIMITED"]"#);
    }

    #[test]
    fn debug_does_not_show_the_key() {
        let asked: VerifyKey = serde_json::from_str(r#"{"key":"planted"}"#).unwrap();
        assert!(!format!("{asked:?}").contains("planted"));
    }
}
