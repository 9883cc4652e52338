//! Why something was not done with an account or a session, in the words of the answer.

use crate::database::{Refusal, ServiceError};

#[derive(Debug, thiserror::Error)]
pub enum AccountRefusal {
    #[error("A code of your authenticator app is needed")]
    TotpRequired,
    #[error("The code is wrong or was used")]
    WrongCode,
    #[error("This account signs in with single sign-on; it has no password")]
    NoPassword,
    #[error("Two-factor is off for this account")]
    NoTotp,
    #[error("Session not found")]
    SessionNotFound,
    /// That of an account that is signed in, in this field of the request.
    #[error("Password is wrong")]
    WrongPassword(&'static str),
    #[error(
        "The two-factor secret of this account cannot be read; use a recovery code, or have \
         two-factor reset at the command line"
    )]
    TotpUnreadable { email: String, reason: String },
}

impl Refusal for AccountRefusal {}

/// Why something was not done with an account or a session.
pub type AccountError = ServiceError<AccountRefusal>;
