//! Secrets.

mod input;
mod manage;
