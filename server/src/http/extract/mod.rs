//! What handlers take out of a request.

mod idempotency_key;
mod json;
mod origin;
mod query;

pub use idempotency_key::IdempotencyKey;
pub use json::{Json, refused_body};
pub use origin::{ClientAddress, X_REQUEST_ID};
pub use query::Query;
