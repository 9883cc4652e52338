//! Named API keys.
//!
//! `keyward_core` makes, hashes and finds them (`token`, `digest`, `cache`, `scan`). [`store`] keeps
//! the digests in [`row`]s, [`rows`] and [`changes`] change those, [`registry`] changes both together, and by the [`generation`] other
//! processes are [followed](following). What somebody may give is decided by the [`manager`]; a key that is asked for
//! twice is made [`once`]. [`listing`] knows which keys there are, for [`list`], the counts and
//! what may need a person (`concerns`).
//! [`verifier`] answers who calls, with a [`verification`]: by the [`cached_key`] and its
//! [`identity`], from one of its networks, and at its [`rate`]; [`last_used`] remembers when, and
//! [`traffic`] how many there were in each of the last [`hours`].
//! [`authenticator`] is what every request with a key goes through, with the [`standing`] of its
//! address, [`forward_auth`] what proxies ask, [`handlers`] the rest of HTTP with its
//! [`permissions`]. What a change takes away (`withdrawn`) goes into the
//! [watermark](crate::watermark), and what is in it is not accepted (`admitting`).

mod admitting;
pub mod altered;
pub mod authenticator;
pub mod cached_key;
pub mod changes;
mod concerns;
mod conflicts;
mod effect;
pub mod entity;
pub mod error;
mod finish;
pub mod following;
pub mod forward_auth;
pub mod generation;
pub mod handlers;
pub mod hours;
pub mod identity;
mod known_keys;
pub mod last_used;
pub mod list;
pub mod listing;
mod loading;
pub mod manager;
pub mod members;
pub mod new_key;
pub mod once;
pub mod permissions;
pub mod rate;
mod reach;
pub mod registry;
pub mod row;
pub mod rows;
pub mod standing;
pub mod store;
pub mod traffic;
pub mod verification;
pub mod verifier;
mod withdrawn;

pub use registry::Registry;
