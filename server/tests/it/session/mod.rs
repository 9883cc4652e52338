//! The first administrator, signing in and out, guessing.

mod guessing;
mod revoked_midway;
mod sessions;
mod setup;
