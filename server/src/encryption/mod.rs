//! Envelope encryption: the root key wraps data keys, data keys seal values.
//!
//! [`kek`] reads the root key, [`dek`] is a data key, [`seal`] is the only caller of a
//! cipher, [`legacy`] reads the forms of the older layout, [`columns`] lists what is sealed
//! where, [`unbound`] guards what was sealed without its name, [`store`] keeps wrapped keys,
//! [`key_set`] authenticates which there are, [`unlock`] opens them at start or refuses to start
//! ([`opening`]), [`keyring`] holds them in memory, [`sealer`] seals with the active one,
//! [`rotation`] moves every value under a new one ([`moving`]), [`error`] says why any of that was
//! refused, [`handlers`] speak HTTP.

pub mod columns;
pub mod dek;
pub mod entity;
pub mod error;
pub mod handlers;
pub mod kek;
pub mod key_set;
pub mod keyring;
mod legacy;
mod moving;
mod opening;
pub mod rotation;
pub mod seal;
pub mod sealer;
pub mod store;
pub mod unbound;
pub mod unlock;
#[cfg(test)]
mod wycheproof;

pub use keyring::Keyring;
pub use rotation::Rotation;
