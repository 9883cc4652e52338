//! Why single sign-on did not work out: a code, for which the page has a sentence, and what the
//! log says. Nothing of it is text of the provider.

use std::borrow::Cow;
use std::fmt;

use crate::database::StoreError;

/// The codes, in the order in which `docs/single-sign-on.md` explains them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Cancelled,
    State,
    Expired,
    Provider,
    Unavailable,
    NoEmail,
    UnverifiedEmail,
    NoRole,
    NotInvited,
    LinkFirst,
    OtherAccount,
    Disabled,
    LastAdmin,
    Setup,
    Invitation,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Cancelled,
        Self::State,
        Self::Expired,
        Self::Provider,
        Self::Unavailable,
        Self::NoEmail,
        Self::UnverifiedEmail,
        Self::NoRole,
        Self::NotInvited,
        Self::LinkFirst,
        Self::OtherAccount,
        Self::Disabled,
        Self::LastAdmin,
        Self::Setup,
        Self::Invitation,
    ];

    /// The word in the address that the browser is sent to.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::State => "state",
            Self::Expired => "expired",
            Self::Provider => "provider",
            Self::Unavailable => "unavailable",
            Self::NoEmail => "no_email",
            Self::UnverifiedEmail => "unverified_email",
            Self::NoRole => "no_role",
            Self::NotInvited => "not_invited",
            Self::LinkFirst => "link_first",
            Self::OtherAccount => "other_account",
            Self::Disabled => "disabled",
            Self::LastAdmin => "last_admin",
            Self::Setup => "setup",
            Self::Invitation => "invitation",
        }
    }

    /// What the log says, where there is no more to say.
    fn detail(self) -> &'static str {
        match self {
            Self::Cancelled => "the person cancelled at the provider",
            Self::State => "the browser did not begin this sign-in, or began another one since",
            Self::Expired => "the sign-in took longer than 10 minutes",
            Self::Provider => "the provider's answer cannot be believed",
            Self::Unavailable => "the provider or the database does not answer",
            Self::NoEmail => "the provider names no e-mail address",
            Self::UnverifiedEmail => {
                "the provider does not say that the e-mail address is verified"
            }
            Self::NoRole => "none of the groups at the provider gives a role",
            Self::NotInvited => "there is neither an account nor an invitation",
            Self::LinkFirst => "an account has this address, and was never connected",
            Self::OtherAccount => "this identity, or this account, is connected with another one",
            Self::Disabled => "the account is disabled",
            Self::LastAdmin => "the groups would leave no administrator",
            Self::Setup => "the setup link is not valid, or the first administrator is missing",
            Self::Invitation => "the invitation is not valid, or for another address",
        }
    }
}

/// Why not.
#[derive(Clone, Debug)]
pub struct SsoRefusal {
    pub code: Code,
    /// For the log and the audit log.
    pub detail: Cow<'static, str>,
}

impl SsoRefusal {
    /// The answer of the provider breaks a rule; `detail` says which.
    pub fn provider(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Code::Provider, detail: detail.into() }
    }

    /// The provider does not answer as it should; `detail` says how.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Code::Unavailable, detail: detail.into() }
    }
}

impl From<Code> for SsoRefusal {
    fn from(code: Code) -> Self {
        Self { code, detail: code.detail().into() }
    }
}

/// The browser is on its way between two sites, where a problem document would help nobody.
impl From<StoreError> for SsoRefusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Revoked => Code::State.into(),
            error => {
                // The audit log is read by more people than the server's.
                tracing::error!(%error, "the store cannot answer");
                Self::unavailable("the store does not answer")
            }
        }
    }
}

impl fmt::Display for SsoRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "single sign-on: {}", self.detail)
    }
}
