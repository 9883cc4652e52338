//! The database as people have it: behind a pooler, with few connections, over TLS, misspelt
//! or not there.

mod connections;
mod opening;
mod pooler;
mod refusals;
mod tls;
