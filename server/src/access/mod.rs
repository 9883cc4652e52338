//! Who may do what.

pub mod admin;
pub mod api_key;
pub mod authority;
pub mod scope;
