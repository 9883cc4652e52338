//! Why a change of the keys did not happen, in the words of the answer.

use keyward_api::roles::Role;

use crate::database::{Refusal, ServiceError};

/// Why a change of the keys is refused.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    #[error("An API key named \"{0}\" already exists")]
    NameTaken(String),
    #[error("API key not found")]
    NotFound,
    #[error("The stored row of this API key cannot be read; it can only be deleted")]
    Unreadable,
    /// The new key would be refused as the old one is. (A disabled key may be rotated: it is
    /// enabled by the person who disabled it.)
    #[error("This API key has expired; change its expiry before you rotate it")]
    Expired,
    #[error("The key was rotated again in the meantime")]
    RotatedAgain,
    #[error("This API key has no old key that still works")]
    NoOverlap,
    #[error(
        "The stored row of this API key was changed outside of Keyward; delete the key, or accept \
         what is stored with `keyward store accept`"
    )]
    Altered,
    #[error("This key lacks the scope keys:write:{0}")]
    NotCovered(String),
    #[error("A key cannot manage itself")]
    OwnKey,
    #[error(
        "An earlier version stored {0} on this API key as your own word, which opens nothing in \
         Keyward. Take it away first; then give what the key needs"
    )]
    OwnWord(String),
    #[error("A key can give only scopes that it holds, and never one that manages Keyward: {0}")]
    ScopeNotHeld(String),
    #[error("A key cannot make one that lasts longer than itself")]
    Outlives,
    #[error("A key that is bound to networks can make only keys that are bound within them")]
    OtherNetworks,
    #[error("This needs the role {}", Role::Admin)]
    AdminOnly,
    /// The id of the key.
    #[error(
        "A request with this Idempotency-Key made this key before; it was shown then. Rotate it \
         to get one that works"
    )]
    AlreadyCreated(String),
    #[error("This Idempotency-Key was sent before with another request")]
    OtherRequest,
}

impl Refusal for KeyRefusal {}

impl KeyRefusal {
    /// Whether somebody else may do it.
    pub fn is_about_the_caller(&self) -> bool {
        match self {
            Self::NotCovered(_)
            | Self::OwnKey
            | Self::ScopeNotHeld(_)
            | Self::Outlives
            | Self::OtherNetworks
            | Self::AdminOnly => true,
            Self::NameTaken(_)
            | Self::NotFound
            | Self::Unreadable
            | Self::Expired
            | Self::RotatedAgain
            | Self::NoOverlap
            | Self::Altered
            | Self::OwnWord(_)
            | Self::AlreadyCreated(_)
            | Self::OtherRequest => false,
        }
    }
}

/// Why a change of the keys did not happen.
pub type KeyError = ServiceError<KeyRefusal>;
