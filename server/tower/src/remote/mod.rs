//! The layer, in the order in which a request meets it.
//!
//! | module | what |
//! |---|---|
//! | `layer` | what is configured |
//! | `service` | takes the key out of the request |
//! | `client` | asks Keyward |
//! | `verdict` | decides by the answer; pure |
//! | `future` | waits for that, then calls the inner service |
//! | `refusal` | what a refusal looks like |

mod client;
mod future;
mod layer;
mod refusal;
mod service;
#[cfg(test)]
mod tests;
mod verdict;

pub use keyward_api::scopes::{ScopeError, Scopes};

pub use self::client::ConfigError;
pub use self::future::ResponseFuture;
pub use self::layer::{ClientAddress, KeywardLayer};
pub use self::service::KeywardService;
pub use self::verdict::Caller;
