//! First start, signing in and who is signed in.

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Sensitive;
use crate::characters::{is_control, is_invisible};
use crate::roles::Role;

/// The address a person signs in with: trimmed, lower case, at most 254 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = "email", max_length = 254, examples("ada@example.com")))]
pub struct Email(String);

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Email {
    /// The address of a new account: none of its characters is invisible. Accounts that were
    /// made before may have others.
    pub fn new(text: String) -> Result<Self, EmailError> {
        let email = Self::try_from(text)?;
        let is_odd = |c| is_invisible(c) || is_control(c);
        if email.0.chars().any(is_odd) { Err(EmailError::Malformed) } else { Ok(email) }
    }
}

pub(crate) fn new_email<'de, D: Deserializer<'de>>(from: D) -> Result<Email, D::Error> {
    Email::new(String::deserialize(from)?).map_err(serde::de::Error::custom)
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let email = text.trim().to_lowercase();
        if email.is_empty() {
            return Err(EmailError::Blank);
        }
        let odd = |c: char| c.is_whitespace() || c.is_control();
        let parts = email.split_once('@');
        let fits = parts.is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if !fits || email.len() > 254 || email.chars().any(odd) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(email))
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Why a text is not an address. `Display` is the sentence a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but white space.
    #[error("Email is required")]
    Blank,
    /// Not `name@host`, or longer than 254 bytes.
    #[error("Email must look like name@example.com")]
    Malformed,
}

/// A password that is being set: 10 to 200 characters (Unicode scalar values).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Sensitive", into = "Sensitive")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 10, max_length = 200, examples("correct horse battery")))]
pub struct NewPassword(Sensitive);

impl NewPassword {
    /// The text itself, for the hash function.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl TryFrom<Sensitive> for NewPassword {
    type Error = NewPasswordError;

    fn try_from(text: Sensitive) -> Result<Self, Self::Error> {
        match text.expose().chars().count() {
            10..=200 => Ok(Self(text)),
            _ => Err(NewPasswordError),
        }
    }
}

impl From<NewPassword> for Sensitive {
    fn from(password: NewPassword) -> Self {
        password.0
    }
}

/// The password is too short or too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Password must have 10 to 200 characters")]
pub struct NewPasswordError;

/// `GET /api/setup`: what somebody needs to know who is not signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetupStatus {
    /// `true` exactly while there is no user.
    pub open: bool,
    /// Whether people can sign in with a password.
    pub local_sign_in: bool,
    /// The identity provider, if there is one.
    pub sso: Option<SsoProvider>,
}

/// Where people can sign in beside here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SsoProvider {
    /// What people call it.
    pub name: String,
}

/// `POST /api/setup`: creates the first administrator and signs them in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Setup {
    /// The token in the link that a server printed when it started.
    pub token: Sensitive,
    /// The administrator's address.
    #[serde(deserialize_with = "new_email")]
    pub email: Email,
    /// The administrator's password.
    pub password: NewPassword,
}

/// `POST /api/session`. Any text is taken: what is wrong with it is not said.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignIn {
    /// The address of a user.
    #[cfg_attr(feature = "openapi", schema(examples("ada@example.com")))]
    pub email: String,
    /// The password of that user.
    #[cfg_attr(feature = "openapi", schema(examples("correct horse battery")))]
    pub password: Sensitive,
    /// The code of the app, or a recovery code, where the account asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Sensitive>,
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The id of the user.
    pub user_id: Uuid,
    /// The address of the user.
    pub email: String,
    /// What the user may do.
    pub role: Role,
    /// How the user signed in.
    pub signed_in_by: SignedInBy,
    /// Whether the account has a password.
    pub has_password: bool,
    /// Whether a code is asked for beside the password.
    pub two_factor: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: u8,
    /// Whether the account is connected with single sign-on.
    pub sso: bool,
    /// The session ends then at the latest, however busy it is.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// The address that people use. The cookie of an `https` one is kept only over https.
    pub public_url: String,
}

/// How a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SignedInBy {
    /// With a password, a setup link or an invitation.
    Password,
    /// At the identity provider.
    Sso,
}

impl SignedInBy {
    /// The word by which it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Sso => "sso",
        }
    }
}

/// What a successful sign-out answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedOut {
    /// Always `true`.
    pub deleted: bool,
    /// Where the browser goes to sign out at the identity provider as well, if the person signed
    /// in there and it can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_out_url: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lower_case() {
        let email = Email::try_from(" Ada@Example.COM ".to_owned()).unwrap();
        assert_eq!(email.as_str(), "ada@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in ["ada", "@x", "a@", "a@b@c", "a b@c", "a\0@c", &format!("{}@c", "a".repeat(253))]
        {
            assert_eq!(Email::try_from(bad.to_owned()), Err(EmailError::Malformed), "{bad:?}");
        }
        assert_eq!(Email::try_from("  ".to_owned()), Err(EmailError::Blank));
        for unseen in ["a\u{200b}@b", "\u{202e}a@b", "a@b\u{feff}"] {
            assert_eq!(Email::new(unseen.to_owned()), Err(EmailError::Malformed), "{unseen:?}");
        }
    }

    #[test]
    fn passwords_have_10_to_200_characters() {
        let fits = |n| NewPassword::try_from(Sensitive::from("ä".repeat(n))).is_ok();
        assert!(!fits(9) && fits(10) && fits(200) && !fits(201));
    }

    #[test]
    fn debug_shows_neither_password_nor_token() {
        let json = r#"{"token":"planted-1","email":"a@b","password":"planted-value"}"#;
        let setup: Setup = serde_json::from_str(json).unwrap();
        assert!(!format!("{setup:?}").contains("planted"));
    }
}
