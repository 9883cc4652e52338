//! What the provider says of a person. Pure: the claims are verified already.

use keyward_api::session::Email;
use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::roles::{Granted, GroupRoles};

/// Longest subject (OpenID Connect Core 1.0, section 2), in bytes.
pub const MAX_SUBJECT: usize = 255;

/// The claims that the library does not know, such as groups.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct OtherClaims {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for OtherClaims {}

/// A person, as the provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// With `subject`, who it is. Nothing else is.
    pub issuer: String,
    pub subject: String,
    pub email: Option<Email>,
    /// Whether the provider says that the address is theirs.
    pub is_email_verified: bool,
    pub granted: Granted,
}

/// Whether the claims that Keyward needs are there, or the provider must be asked for more.
pub fn are_complete(claims: &Map<String, Value>, groups: &GroupRoles) -> bool {
    ["email", "email_verified"].iter().all(|name| claims.contains_key(*name))
        && (!groups.is_configured() || groups.are_named_by(claims))
}

/// Adds those that are missing. What the ID token says is not replaced, and whether an address is
/// verified is believed only for the very address that it was said of.
pub fn add_missing(claims: &mut Map<String, Value>, mut more: Map<String, Value>) {
    let is_other = claims.get("email").is_some_and(|email| more.get("email") != Some(email));
    if is_other {
        more.remove("email_verified");
    }
    if claims.contains_key("email_verified") && !claims.contains_key("email") {
        more.remove("email");
    }
    for (name, value) in more {
        claims.entry(name).or_insert(value);
    }
}

impl Identity {
    /// Who the claims are about; `None`: their subject is no subject.
    pub fn of(issuer: &str, claims: &Map<String, Value>, groups: &GroupRoles) -> Option<Self> {
        let subject = claims.get("sub")?.as_str()?;
        let is_plain = subject.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if subject.is_empty() || subject.len() > MAX_SUBJECT || !is_plain {
            return None;
        }
        let email = claims.get("email").and_then(Value::as_str);
        Some(Self {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            email: email.and_then(|email| Email::new(email.to_owned()).ok()),
            is_email_verified: is_email_verified(issuer, claims),
            granted: groups.granted_by(claims),
        })
    }
}

/// Microsoft Entra ID has no `email_verified`. Its `xms_edov` says that the owner of the address's
/// domain is verified, and it is the only one that may say so.
fn is_email_verified(issuer: &str, claims: &Map<String, Value>) -> bool {
    let says_yes = |value: &Value| match value {
        Value::Bool(yes) => *yes,
        Value::String(text) => text == "true" || text == "1",
        Value::Number(number) => number.as_u64() == Some(1),
        _ => false,
    };
    match claims.get("email_verified") {
        Some(verified) => verified.as_bool() == Some(true),
        None if issuer.starts_with("https://login.microsoftonline.") => {
            claims.get("xms_edov").is_some_and(says_yes)
        }
        None => false,
    }
}
