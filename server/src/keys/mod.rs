//! Named API keys.
//!
//! [`token`] makes and hashes them, [`store`] keeps the hashes in [`row`]s, [`cache`] finds
//! them by a [`scan`],
//! [`registry`] changes both together, [`verify`] answers who calls, [`activity`]
//! remembers when, [`handlers`] speak HTTP.

pub mod activity;
pub mod cache;
pub mod handlers;
pub mod registry;
pub mod row;
pub mod scan;
pub mod store;
pub mod token;
pub mod verify;

pub use registry::Registry;
