//! Third-party secrets: [`vault`] adds, reads, changes and deletes them and records it,
//! `readers` knows who can read one, [`store`] has the queries, [`handlers`] speak HTTP.

pub mod entity;
pub mod handlers;
pub mod permissions;
mod readers;
pub mod store;
pub mod vault;

pub use vault::Vault;
