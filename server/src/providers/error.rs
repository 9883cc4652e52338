//! Why something was not done with the key of a provider, in the words of the answer.

use crate::database::{Refusal, ServiceError};
use crate::encryption::error::KeyringError;

/// Why something is refused with a key.
#[derive(Debug, thiserror::Error)]
pub enum ProviderRefusal {
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
}

impl Refusal for ProviderRefusal {}

/// Why something was not done with a key.
pub type ProviderError = ServiceError<ProviderRefusal>;

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
