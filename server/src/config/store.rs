//! What is stored, and what opens it.

use std::path::PathBuf;

use keyward_core::kek::RootKeys;

use super::admin::ADMIN_PASSWORD;
use super::database::{DATABASE_URL, DatabaseConfig};
use super::root_key::{load_root_keys, refuse_shared_root_key};
use super::source::{ConfigError, Environment, Flags};
use super::state_dir::load_state_dir;
use super::values::password;

#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The root key, and the former one while it is changed.
    pub root_keys: RootKeys,
    pub database: DatabaseConfig,
    /// Where the watermark is kept, if the operator says it.
    pub state_dir: Option<PathBuf>,
}

impl StoreConfig {
    /// Reads the root keys, the address of the database, and where the watermark is kept.
    pub fn load(flags: &Flags, env: Environment<'_>) -> Result<Self, ConfigError> {
        let root_keys = load_root_keys(env)?;
        let database = DatabaseConfig::load(flags, env)?;
        for password in database.passwords() {
            refuse_shared_root_key(&root_keys, DATABASE_URL, &password)?;
        }
        // Whether or not it will be used.
        if let Ok(Some(password)) = password(env, ADMIN_PASSWORD) {
            refuse_shared_root_key(&root_keys, ADMIN_PASSWORD, password.expose())?;
        }
        let state_dir = load_state_dir(env)?;
        Ok(Self { root_keys, database, state_dir })
    }
}
