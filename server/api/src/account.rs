//! What people do with their own account: password, two-factor, sessions.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::Sensitive;
use crate::session::NewPassword;
pub use crate::session::SignedInBy;

/// `PUT /api/session/password`. All other sessions of the person end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePassword {
    /// The password until now.
    #[cfg_attr(feature = "openapi", schema(examples("correct horse battery")))]
    pub current: Sensitive,
    /// The password from now on.
    pub new: NewPassword,
}

/// A session of the person who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserSession {
    /// By which it is ended: 32 hex digits. It opens nothing.
    pub id: String,
    /// Whether it is the one that asks.
    pub current: bool,
    /// The browser or program, as it called itself at sign-in, at most 200 characters.
    pub device: Option<String>,
    /// From where the person signed in.
    pub address: Option<String>,
    /// How the person signed in.
    pub signed_in_by: SignedInBy,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The last request, up to a minute late.
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen_at: OffsetDateTime,
    /// It ends then at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// `DELETE /api/sessions`: all sessions of the person end but the one that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EndedSessions {
    /// How many there were.
    pub ended: u64,
}

/// `POST /api/session/totp`: what an app for codes is set up with. Nothing is stored before
/// [`EnableTotp`] shows that the app has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTotp {
    /// 160 bits in base32, for typing.
    pub secret: Sensitive,
    /// The same as an `otpauth://` address.
    pub uri: Sensitive,
    /// The same as a QR code.
    pub qr: QrCode,
}

/// A QR code as one path of SVG; each module is a square of 1 by 1.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QrCode {
    /// Modules of one side, with the quiet zone of 4 on each.
    pub size: u32,
    /// The `d` of the path of all dark modules.
    pub path: Sensitive,
}

/// `PUT /api/session/totp`: from now on a code is asked for at sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnableTotp {
    /// The password of the account.
    pub password: Sensitive,
    /// The secret that `POST` answered.
    pub secret: Sensitive,
    /// What the app shows now.
    pub code: Sensitive,
}

/// `POST /api/session/totp/disable` and `POST /api/session/totp/recovery-codes`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ConfirmPassword {
    /// The password of the account.
    pub password: Sensitive,
}

/// Ten codes, each of which replaces the code of the app once. Shown here and nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// The codes.
    pub recovery_codes: Vec<Sensitive>,
}

/// `POST /api/oidc/start`: where the browser goes to sign in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StartSso {
    /// A path of this page to come back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_to: Option<String>,
    /// The token of a setup link: who signs in is the first administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_token: Option<Sensitive>,
    /// The token of an invitation: who signs in accepts it, if the addresses are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Sensitive>,
    /// Connects the account of the session with who signs in.
    pub connect: bool,
    /// For that, the password of the account, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
}

/// Where the browser goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SsoStarted {
    /// At the identity provider.
    pub url: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let json = r#"{"password":"planted-1","secret":"planted-2","code":"planted-3"}"#;
        let enable: EnableTotp = serde_json::from_str(json).unwrap();
        let json = r#"{"setupToken":"planted-4","invitation":"planted-5","password":"planted-6"}"#;
        let start: StartSso = serde_json::from_str(json).unwrap();
        assert!(!format!("{enable:?} {start:?}").contains("planted"));
    }
}
