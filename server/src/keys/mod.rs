//! Named API keys.
//!
//! [`token`] makes and hashes them, [`store`] keeps the hashes in [`row`]s, [`cache`] finds
//! them by a [`scan`], [`registry`] changes both together, and by the [`revision`] other
//! processes follow.
//! [`verify`] answers who calls: by its [`identity`], from one of its [`networks`], and at
//! its [`rate`]; [`activity`] remembers when. [`admission`] is what every request with a key
//! goes through, with the [`standing`] of its address, [`forward_auth`] what proxies ask, [`handlers`] the rest of HTTP.

pub mod activity;
pub mod admission;
pub mod cache;
pub mod forward_auth;
pub mod handlers;
pub mod identity;
mod loading;
pub mod networks;
pub mod rate;
pub mod registry;
pub mod revision;
pub mod row;
pub mod scan;
pub mod standing;
pub mod store;
pub mod token;
pub mod verify;

pub use registry::Registry;
