//! Everything that needs a database or HTTP, on SQLite and on PostgreSQL. One module for
//! each noun; what a test proves is in its name.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

mod access_matrix;
mod activity;
mod audit;
mod database;
mod examples;
mod health;
mod key_input;
mod key_limits;
mod key_rotation;
mod key_verification;
mod keys;
mod metrics;
mod migrations;
mod outage;
mod page;
mod process;
mod provider_input;
mod providers;
mod proxies;
mod resolve;
mod revocation_load;
mod rotation;
mod scopes;
mod secret_input;
mod secrets;
mod sessions;
mod setup;
mod shutdown;
mod snippets;
mod stored_rows;
mod support;
mod unlock;
mod verify;
