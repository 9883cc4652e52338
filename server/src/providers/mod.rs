//! The keys of providers and of single models: [`credentials`] and `models` enter and
//! delete them and record it, `resolving` hands out the one that [`resolve`] chooses of the [`candidates`],
//! [`store`] has the other queries, [`handlers`] speak HTTP with their [`permissions`].

pub mod candidates;
pub mod credentials;
pub mod entity;
pub mod error;
pub mod handlers;
mod hint;
mod models;
pub mod permissions;
pub mod resolve;
mod resolving;
pub mod store;

pub use credentials::Credentials;
pub use error::{ProviderError, ProviderRefusal};
