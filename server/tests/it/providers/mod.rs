//! Credentials of providers and their models.

mod input;
mod manage;
mod resolve;
