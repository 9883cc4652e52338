//! Secrets.

mod access;
mod input;
mod manage;
