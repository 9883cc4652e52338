//! Accounts of people and invitations to get one: [`accounts`] changes and deletes them,
//! [`invitations`] makes and accepts invitations, [`recovery`] is for those who lost their way in,
//! [`list`] shows them, [`store`] has the queries, [`handlers`] speak HTTP with their
//! [`permissions`]. How people sign in is in [`crate::session`].

pub mod accounts;
mod alike;
pub mod error;
pub mod handlers;
pub mod invitations;
mod list;
pub mod permissions;
mod recovery;
pub mod store;

pub use accounts::Users;
pub use error::{UserError, UserRefusal};
