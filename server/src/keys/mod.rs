//! Named API keys.
//!
//! `keyward_core` makes, hashes and finds them (`token`, `digest`, `cache`, `scan`). [`store`] keeps
//! the digests in [`row`]s, [`rows`] and [`changes`] change those, [`registry`] changes both together, and by the [`generation`] other
//! processes follow. [`listing`] knows which keys there are, for [`list`] and the counts.
//! [`verifier`] answers who calls, with a [`verification`]: by the [`cached_key`] and its
//! [`identity`], from one of its networks, and at its [`rate`]; [`last_used`] remembers when.
//! [`authenticator`] is what every request with a key goes through, with the [`standing`] of its
//! address, [`forward_auth`] what proxies ask, [`handlers`] the rest of HTTP with its
//! [`permissions`].

pub mod altered;
pub mod authenticator;
pub mod cached_key;
pub mod changes;
pub mod entity;
pub mod forward_auth;
pub mod generation;
pub mod handlers;
pub mod identity;
mod known_keys;
pub mod last_used;
pub mod list;
pub mod listing;
mod loading;
pub mod members;
pub mod new_key;
pub mod permissions;
pub mod rate;
pub mod registry;
pub mod row;
pub mod rows;
pub mod standing;
pub mod store;
pub mod verification;
pub mod verifier;

pub use registry::Registry;
