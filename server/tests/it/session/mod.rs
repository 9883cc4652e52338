//! The first administrator, signing in and out, guessing, the own account.

pub mod authenticator;
mod guessing;
mod own_sessions;
mod password;
mod revoked_midway;
mod sessions;
mod setup;
mod two_factor;
mod two_factor_attacks;
