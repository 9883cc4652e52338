//! People, and how they are invited.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::Sensitive;
use crate::patch::present;
use crate::roles::Role;
use crate::session::{Email, NewPassword, new_email};

/// A person who can sign in.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own on the wire")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    /// The id.
    pub id: Uuid,
    /// The address that the person signs in with.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Whether the person is kept out.
    pub disabled: bool,
    /// Since when there is the account.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the person signed in last; `null`: never.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_sign_in_at: Option<OffsetDateTime>,
    /// Whether the account has a password.
    pub has_password: bool,
    /// Whether a code is asked for beside the password.
    pub two_factor: bool,
    /// Whether the account is connected with single sign-on.
    pub sso: bool,
    /// Sessions that have not ended.
    pub sessions: u32,
    /// Whether the stored row was changed outside of Keyward; then nobody signs in with it.
    pub altered: bool,
}

/// `PATCH /api/users/{id}`. What is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateUser {
    /// What the person may do from now on. Less than before ends the sessions of the person.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub role: Option<Role>,
    /// `true` keeps the person out and ends all sessions.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub disabled: Option<bool>,
}

/// `POST /api/users/invitations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invite {
    /// Who is invited. It is the address of the account.
    #[serde(deserialize_with = "new_email")]
    pub email: Email,
    /// What the person may do.
    pub role: Role,
}

/// An invitation that nobody has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invitation {
    /// The id.
    pub id: Uuid,
    /// Who is invited.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// Who invited.
    pub created_by: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The link is good until then.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// A new invitation, with its link: here and nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedInvitation {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// What the person opens; the token is in its fragment.
    pub link: Sensitive,
}

/// `POST /api/invitation`: accepts an invitation and signs in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AcceptInvitation {
    /// The token of the link.
    pub token: Sensitive,
    /// The password of the new account.
    pub password: NewPassword,
}

/// `POST /api/invitation/check`: what an invitation is for, before a password is thought of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckInvitation {
    /// The token of the link.
    pub token: Sensitive,
}

/// What an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CheckedInvitation {
    /// Who is invited.
    pub email: String,
    /// What the person may do.
    pub role: Role,
    /// The link is good until then.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_no_change() {
        for bad in [r#"{"role":null}"#, r#"{"disabled":null}"#, r#"{"email":"a@b"}"#] {
            assert!(serde_json::from_str::<UpdateUser>(bad).is_err(), "{bad}");
        }
        let none: UpdateUser = serde_json::from_str("{}").unwrap();
        assert_eq!(none, UpdateUser::default());
    }

    #[test]
    fn debug_shows_no_token() {
        let json = r#"{"token":"planted-1","password":"planted-value"}"#;
        let accept: AcceptInvitation = serde_json::from_str(json).unwrap();
        assert!(!format!("{accept:?}").contains("planted"));
    }
}
