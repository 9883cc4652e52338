//! Layers around the routes.

pub mod api_key;
pub mod whole_body;
