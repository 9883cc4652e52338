//! What concerns no noun: who may call what, odd requests, connections, the page.

mod access_matrix;
mod connections;
mod credential_input;
mod health;
mod metrics;
mod odd_input;
mod page;
mod query_input;
