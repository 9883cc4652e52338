//! Named API keys: made, changed, listed, verified.

mod forward_auth;
mod idempotency;
mod input;
mod last_used;
mod limits;
mod lists;
mod manage;
mod management;
mod management_by_editors;
mod management_steps;
mod older_layout;
mod revocation_load;
mod rotation;
mod scopes;
mod stored_rows;
mod traffic;
mod verification;
