//! Everything a handler or an extractor can fail with. What is answered then is in
//! [`answer`](super::answer).

use std::time::Duration;

use keyward_api::FieldError;
use keyward_api::roles::Role;
use keyward_core::set::SetName;
use rand::rngs::SysError;
use sea_orm::DbErr;

use crate::database::{Refusal, ServiceError, StoreError};
use crate::encryption::error::RotateRefusal;
use crate::keys::error::KeyRefusal;
use crate::keys::rate::Allowance;
use crate::keys::verification::{Caller, Verification};
use crate::providers::ProviderRefusal;
use crate::secrets::vault::SecretRefusal;
use crate::session::error::AccountRefusal;
use crate::session::password::PasswordError;
use crate::users::UserRefusal;

/// All that wait for a hash are done by then.
pub(super) const BUSY: Duration = Duration::from_secs(2);

/// How soon it is worth asking again for a server that has lost touch with the database.
pub(super) const NO_LEASE: Duration = Duration::from_secs(1);

/// Everything a handler or an extractor can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("validation failed")]
    Validation(Vec<FieldError>),
    #[error("{0}")]
    InvalidJson(String),
    #[error("Expected a body with Content-Type: application/json")]
    UnsupportedMediaType,
    #[error("The request body is too large")]
    BodyTooLarge,
    #[error("The request body did not arrive within {} s", .0.as_secs())]
    BodyTooSlow(Duration),
    #[error("Too many request bodies are arriving slowly; try again")]
    TooManyBodies,
    #[error("A valid credential is required")]
    Unauthenticated,
    #[error("Email or password is wrong")]
    WrongCredentials,
    #[error("This setup link is not valid. Each start of the server prints a new link.")]
    WrongSetupToken,
    #[error("This invitation is not valid any more. Ask for a new one.")]
    WrongInvitation,
    /// A write that another site made the browser send, or that came to an address which is
    /// not the one that people use, as this text: the origin of the public URL.
    #[error(
        "This request came from another site and was refused. Keyward is used at {0} \
         (KEYWARD_PUBLIC_URL)"
    )]
    CrossSite(String),
    #[error("Passwords are switched off here; use single sign-on")]
    LocalSignInOff,
    #[error("Single sign-on is not configured")]
    SsoOff,
    #[error("The identity provider does not answer as it should; the server's log says more")]
    SsoUnavailable,
    #[error("Setup is complete; sign in instead")]
    SetupClosed,
    #[error("Nothing is here")]
    NoRoute,
    #[error("This method is not allowed here")]
    MethodNotAllowed,
    #[error(transparent)]
    Account(#[from] AccountRefusal),
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    #[error("This key lacks the scope {0}")]
    MissingScope(String),
    #[error("This needs the role {0}")]
    MissingRole(Role),
    #[error(transparent)]
    Secret(#[from] SecretRefusal),
    #[error(transparent)]
    Provider(#[from] ProviderRefusal),
    #[error(transparent)]
    User(#[from] UserRefusal),
    #[error(transparent)]
    Rotation(#[from] RotateRefusal),
    #[error("This key is not accepted from your address")]
    AddressNotAllowed,
    /// A good key that is used too often; it is accepted again after this time.
    #[error("This key is used too often; try again in {} s", seconds(*.1))]
    RateLimited(Allowance, Duration),
    #[error("Too many attempts; try again in {} s", seconds(*.0))]
    TooManyAttempts(Duration),
    #[error("Too many people are signing in; try again in {} s", seconds(BUSY))]
    SignInBusy,
    #[error("The database did not answer, so nothing was changed. Try again.")]
    Store(StoreError),
    #[error(
        "The database did not say whether the change was made, or is in effect on every server. \
         Look before you try again."
    )]
    OutcomeUnknown(StoreError),
    /// This server has had no answer of the database for so long that it cannot tell whether a key
    /// still holds.
    #[error("This server has lost touch with the database and accepts no key until it is back")]
    NoLease,
    #[error(transparent)]
    Altered(StoreError),
    #[error(
        "This server has a former root key: it must be restarted with the present \
         SECRETS_ENCRYPTION_KEY"
    )]
    FormerRootKey(StoreError),
    #[error(
        "What is revoked could not be written to the disk of this server (KEYWARD_STATE_DIR), so a \
         restored backup could bring it back. A change that was asked for is made; the server tries \
         again every second"
    )]
    Watermark(StoreError),
    #[error("The server is stopping; ask another one")]
    Stopping,
    #[error("The request took too long; try again")]
    TimedOut,
    #[error("Something went wrong here")]
    Internal(String),
}

/// Rounded up, so that a client that obeys is not refused again.
pub(super) fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

impl Error {
    pub fn field(field: &str, message: impl ToString) -> Self {
        Self::Validation(vec![FieldError { field: field.into(), message: message.to_string() }])
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        StoreError::from(error).into()
    }
}

impl From<SysError> for Error {
    fn from(error: SysError) -> Self {
        StoreError::from(error).into()
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Revoked => Self::Unauthenticated,
            StoreError::Altered(_) => Self::Altered(error),
            StoreError::AlteredKeys(reason) => {
                tracing::error!(error = reason, "the stored keys were changed from outside");
                Self::Altered(StoreError::Altered(SetName::Vault))
            }
            StoreError::FormerRootKey(_) => Self::FormerRootKey(error),
            StoreError::Unknown(_) => Self::OutcomeUnknown(error),
            StoreError::Watermark(_) => Self::Watermark(error),
            StoreError::Random(_) | StoreError::Encryption(_) => Self::Internal(error.to_string()),
            StoreError::Database(_)
            | StoreError::TimedOut(_)
            | StoreError::Stopped { .. }
            | StoreError::Busy(_)
            | StoreError::Outdated(_)
            | StoreError::Unusable(_)
            | StoreError::OtherTerms(..)
            | StoreError::NotStored(_)
            | StoreError::Exhausted(_) => Self::Store(error),
        }
    }
}

impl<R: Refusal> From<ServiceError<R>> for Error
where
    Self: From<R>,
{
    fn from(error: ServiceError<R>) -> Self {
        match error {
            ServiceError::Refused(refusal) => refusal.into(),
            ServiceError::Store(error) => error.into(),
        }
    }
}

impl TryFrom<Verification> for Caller {
    type Error = Error;

    fn try_from(verification: Verification) -> Result<Self, Error> {
        Err(match verification {
            Verification::Accepted(caller) => return Ok(caller),
            Verification::Missing
            | Verification::Malformed
            | Verification::Unknown
            | Verification::Disabled(_)
            | Verification::Expired(_) => Error::Unauthenticated,
            Verification::AddressNotAllowed(_) => Error::AddressNotAllowed,
            Verification::MissingScope(_, scope) => Error::MissingScope(scope),
            Verification::RateLimited(_, allowance, wait) => Error::RateLimited(allowance, wait),
            Verification::Throttled(wait) => Error::TooManyAttempts(wait),
            Verification::NoLease => Error::NoLease,
        })
    }
}

impl From<PasswordError> for Error {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::SignInBusy,
            PasswordError::Failed(_) => Self::Internal(error.to_string()),
        }
    }
}
