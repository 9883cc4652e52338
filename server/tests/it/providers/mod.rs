//! Credentials of providers and their models.

mod base_url;
mod input;
mod manage;
mod resolve;
