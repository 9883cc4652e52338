//! First start, signing in and out.

pub mod enter;
pub mod login;
pub mod setup;
pub mod setup_token;
