//! Why something was not done with the key of a provider, in the words of the answer.

use sea_orm::DbErr;

use crate::access::authority::NotRecorded;
use crate::encryption::error::KeyringError;

/// Why something was not done with a key.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Nothing is stored of the provider.
    #[error("Provider \"{0}\" not found")]
    NoProvider(String),
    /// The model has no key of its own.
    #[error("Model \"{model}\" of \"{provider}\" has no key of its own")]
    NoModel {
        /// The provider.
        provider: String,
        /// The model.
        model: String,
    },
    /// Neither has a key.
    #[error("{}", none(.provider, .model.as_deref()))]
    None {
        /// The provider that was asked for.
        provider: String,
        /// The model that was asked for.
        model: Option<String>,
    },
    /// The stored key does not open.
    #[error("The key of \"{target}\" cannot be decrypted")]
    Unreadable {
        /// Whose key.
        target: String,
        /// For the log: why.
        reason: KeyringError,
    },
    /// The row was changed from outside.
    #[error(
        "The stored row of \"{0}\" was changed outside of Keyward; delete it, or accept what is \
         stored with `keyward store accept`"
    )]
    Altered(String),
    /// The credential was revoked while the request was under way.
    #[error("The credential was revoked while the request was under way")]
    Revoked,
    /// No data key, no random bytes, no database.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
}

impl From<NotRecorded> for CredentialError {
    fn from(error: NotRecorded) -> Self {
        match error {
            NotRecorded::Database(error) => error.into(),
            NotRecorded::Revoked => Self::Revoked,
        }
    }
}

impl From<DbErr> for CredentialError {
    fn from(error: DbErr) -> Self {
        Self::Keyring(error.into())
    }
}

fn none(provider: &str, model: Option<&str>) -> String {
    match model {
        Some(model) => {
            format!(
                "No key is stored for the model \"{model}\" of \"{provider}\", nor for \"{provider}\""
            )
        }
        None => format!("No key is stored for the provider \"{provider}\""),
    }
}
