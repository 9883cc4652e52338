//! Everything that needs a database or HTTP, on SQLite and on PostgreSQL. One module for
//! each noun; what a test proves is in its name.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

mod access_matrix;
mod activity;
mod audit;
mod audit_breaks;
mod audit_handover;
mod audit_reading;
mod audit_retention;
mod authenticity;
mod broken_streams;
mod connections;
mod credential_input;
mod database;
mod examples;
mod faults;
mod former_store;
mod guessing;
mod health;
mod key_input;
mod key_limits;
mod key_rotation;
mod key_verification;
mod keys;
mod lists;
mod metrics;
mod migrations;
mod odd_input;
mod older_layout;
mod outage;
mod page;
mod process;
mod provider_input;
mod providers;
mod proxies;
mod query_input;
mod resolve;
mod revocation_load;
mod revoked_midway;
mod rotation;
mod scopes;
mod secret_input;
mod secrets;
mod sessions;
mod setup;
mod shutdown;
mod snippets;
mod store_check;
mod stored_rows;
mod support;
mod unlock;
mod verify;
