//! Commands that open the store themselves, so they also work while no server runs.

pub mod audit;
pub mod backup;
pub mod doctor;
pub mod encryption;
pub mod key_list;
pub mod keys;
mod revoked;
pub mod store;
pub mod users;
