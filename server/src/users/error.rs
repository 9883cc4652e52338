//! Why something was not done with an account or an invitation, in the words of the answer.

use crate::database::{Refusal, ServiceError};

#[derive(Debug, thiserror::Error)]
pub enum UserRefusal {
    #[error("User not found")]
    NotFound,
    #[error("Invitation not found")]
    NoInvitation,
    #[error("\"{0}\" has an account already")]
    Exists(String),
    #[error(
        "\"{email}\" looks like \"{other}\", which has an account or an invitation: write it in \
         other letters, or delete that one first"
    )]
    ExistsAlike { email: String, other: String },
    #[error("\"{0}\" is the only administrator who is not disabled; make another one first")]
    LastAdmin(String),
    #[error(
        "The stored row of \"{0}\" was changed outside of Keyward; delete the account, or accept \
         what is stored with `keyward store accept`"
    )]
    Altered(String),
}

impl Refusal for UserRefusal {}

/// Why something was not done with an account or an invitation.
pub type UserError = ServiceError<UserRefusal>;
