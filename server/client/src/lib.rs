//! Keyward over HTTP.
//!
//! [`Client`] asks a Keyward whether the key of a caller is good. [`header`] is the rule for the header
//! that carries a key; it needs `http` and nothing else.
//!
//! Redirects are not followed and proxies of the environment not used: either would see the keys.
//! This crate chooses no implementation of TLS: for `https`, depend on the same version of `reqwest`
//! with a feature for it, e.g. `rustls`.

#![warn(missing_docs)]

#[cfg(feature = "http")]
mod client;
pub mod header;

#[cfg(feature = "http")]
pub use client::{Client, ClientError, ConfigError};
