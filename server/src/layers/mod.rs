//! Tower layers that could live in a crate of their own.

pub mod api_key;
