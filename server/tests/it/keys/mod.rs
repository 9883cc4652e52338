//! Named API keys: made, changed, listed, verified.

mod forward_auth;
mod input;
mod last_used;
mod limits;
mod lists;
mod manage;
mod older_layout;
mod revocation_load;
mod rotation;
mod scopes;
mod stored_rows;
mod verification;
