//! Everything that needs a database or HTTP, on SQLite and on PostgreSQL. One folder for
//! each noun; what a test proves is in its name.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic fails the test")]

mod audit;
mod authenticity;
mod backup;
mod database;
mod documents;
mod encryption;
mod faults;
mod http;
mod keys;
mod migrations;
mod oidc;
mod overview;
mod program;
mod providers;
mod proxies;
mod replicas;
mod secrets;
mod session;
mod support;
mod users;
mod watermark;
