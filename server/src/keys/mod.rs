//! Named API keys.
//!
//! `keyward_core` makes, hashes and finds them (`token`, `digest`, `cache`, `scan`). [`store`] keeps
//! the digests in [`row`]s, [`rows`] changes those, [`registry`] changes both together, and by the [`generation`] other
//! processes follow. [`listing`] knows which keys there are, for [`list`] and the counts.
//! [`verify`] answers who calls: by its [`identity`], from one of its networks, and at
//! its [`rate`]; [`activity`] remembers when. [`admission`] is what every request with a key
//! goes through, with the [`standing`] of its address, [`forward_auth`] what proxies ask,
//! [`handlers`] the rest of HTTP.

pub mod activity;
pub mod admission;
pub mod altered;
pub mod entity;
pub mod forward_auth;
pub mod generation;
pub mod handlers;
pub mod identity;
pub mod list;
pub mod listing;
mod loading;
pub mod members;
pub mod rate;
pub mod registry;
pub mod row;
pub mod rows;
pub mod standing;
pub mod store;
pub mod verify;

pub use registry::Registry;
