//! Envelope encryption: the root key wraps data keys, data keys seal values.
//!
//! [`kek`] reads the root key, [`dek`] is a data key, [`seal`] is the only caller of a
//! cipher, [`legacy`] reads the forms of the older layout, [`columns`] lists what is sealed
//! where, [`store`] keeps wrapped keys, [`unlock`] opens them at start or refuses to start,
//! [`keyring`] holds them in memory, [`rotation`] moves every value under a new one,
//! [`handlers`] speak HTTP.

pub mod columns;
pub mod dek;
pub mod entity;
pub mod handlers;
pub mod kek;
pub mod keyring;
mod legacy;
pub mod rotation;
pub mod seal;
pub mod store;
pub mod unlock;
#[cfg(test)]
mod wycheproof;

pub use keyring::Keyring;
pub use rotation::Rotation;
