//! What the operator decides, one file a concern. Each value comes from a flag, else a variable or,
//! for a secret, the file that `VARIABLE_FILE` names (both is an error), else a default; an error
//! names the variable and what was expected. The table is in the README; how
//! values are read is in [`values`].

mod admin;
mod audit;
mod database;
mod files;
mod http;
mod oidc;
mod replicas;
mod root_key;
mod serve;
mod source;
mod state_dir;
mod store;
#[cfg(test)]
mod tests;
mod values;

pub use admin::AdminConfig;
pub use database::DatabaseConfig;
pub use files::{secret_files, warn_of_exposed_files};
pub use http::HttpConfig;
pub use oidc::OidcConfig;
pub use root_key::load_root_keys;
pub use serve::Config;
pub use source::{ConfigError, Environment, Flags};
pub use state_dir::STATE_DIR;
pub use store::StoreConfig;
