//! Why something was not done with the key of a provider, in the words of the answer.

use keyward_api::roles::Role;

use crate::database::{Refusal, ServiceError};
use crate::encryption::error::KeyringError;

#[derive(Debug, thiserror::Error)]
pub enum ProviderRefusal {
    #[error("Provider \"{0}\" not found")]
    NoProvider(String),
    #[error("Model \"{model}\" of \"{provider}\" has no key of its own")]
    NoModel { provider: String, model: String },
    #[error("{}", none(.provider, .model.as_deref()))]
    None { provider: String, model: Option<String> },
    #[error("The key of \"{target}\" cannot be decrypted")]
    Unreadable { target: String, reason: KeyringError },
    #[error(
        "The stored row of \"{0}\" was changed outside of Keyward; delete it, or accept what is \
         stored with `keyward store accept`"
    )]
    Altered(String),
    #[error("Only a person with the role {} changes the base URL of a provider", Role::Admin)]
    BaseUrl,
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
