//! Envelope encryption: the root key wraps data keys, data keys seal values.
//!
//! The ciphers and keys themselves are in `keyward_core`: `kek`, `dek`, `seal`, `legacy`. Here,
//! [`columns`] lists what is sealed where, [`unbound`] guards what was sealed without its name, [`store`] keeps wrapped keys,
//! [`key_set`] authenticates which there are, [`unlock`] opens them at start or refuses to start
//! ([`opening`]), [`keyring`] holds them in memory, [`sealer`] seals with the active one,
//! [`rotation`] moves every value under a new one ([`moving`]), [`error`] says why any of that was
//! refused, [`handlers`] speak HTTP.

pub mod columns;
pub mod entity;
pub mod error;
pub mod handlers;
pub mod key_set;
pub mod keyring;
mod moving;
mod opening;
pub mod permissions;
pub mod rotation;
pub mod sealed_rows;
pub mod sealer;
pub mod store;
pub mod unbound;
pub mod unlock;
pub mod wrapped_key;

pub use keyring::Keyring;
pub use rotation::Rotation;
