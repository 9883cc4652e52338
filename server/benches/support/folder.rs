//! A temporary folder with a database.

use std::error::Error;
use std::path::PathBuf;

use keyward::config::{Config, Flags};

/// A folder that is gone when this is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// A new folder; `name` and the process distinguish it from others.
    pub fn new(name: &str) -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("keyward-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    /// The address of a database in this folder.
    pub fn database(&self) -> String {
        format!("sqlite://{}/keyward.db", self.0.display())
    }

    /// What an operator would set: a root key, and that database.
    pub fn config(&self) -> Result<Config, Box<dyn Error>> {
        config(&self.database())
    }
}

/// A root key, and this database.
pub fn config(database: &str) -> Result<Config, Box<dyn Error>> {
    let variable = |name: &str| match name {
        "SECRETS_ENCRYPTION_KEY" => Some("q83vEjRWeJC6mHZUMhD+3LqYdlQyEP7ciXdWQzIQ/tw=".into()),
        "DATABASE_URL" => Some(database.to_owned()),
        _ => None,
    };
    Ok(Config::load(&Flags::default(), &variable)?)
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}
