//! The keys of providers and of single models: [`credentials`] enters, resolves and deletes
//! them and records it, [`resolve`] decides whose key is used, [`store`] has the queries,
//! [`handlers`] speak HTTP.

pub mod credentials;
pub mod entity;
pub mod error;
pub mod handlers;
mod hint;
pub mod permissions;
pub mod resolve;
pub mod store;

pub use credentials::Credentials;
pub use error::{ProviderError, ProviderRefusal};
