//! Third-party secrets: [`vault`] adds, reads, changes and deletes them and records it,
//! [`store`] has the queries, [`handlers`] speak HTTP.

pub mod entity;
pub mod handlers;
pub mod permissions;
pub mod store;
pub mod vault;

pub use vault::Vault;
