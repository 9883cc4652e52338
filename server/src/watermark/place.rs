//! Which file, in which folder: one for each place of a store, so that what was seen there is
//! found again, whatever is there now.
//!
//! Where the operator names no folder: beside the file of SQLite, else `data/`.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::{ConfigError, STATE_DIR, StoreConfig};
use crate::database::{Address, Opening};
use crate::hardening::writable;

/// The folder for a store of PostgreSQL.
const DEFAULT: &str = "data";

/// Where the watermark of a store is.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) file: PathBuf,
    /// The file of the database, if it is in one.
    pub(super) database: Option<PathBuf>,
}

/// Finds it; to serve, the folder is made and must take files.
pub(super) fn find(config: &StoreConfig, opening: Opening) -> Result<Place, ConfigError> {
    let database = match Address::parse(config.database.url.expose()) {
        Ok(Address::Sqlite(file)) => Some(file.path),
        _ => None,
    };
    let beside = database.as_deref().and_then(Path::parent);
    let beside = beside.map(|it| if it.as_os_str().is_empty() { Path::new(".") } else { it });
    let folder = config.state_dir.as_deref().or(beside).unwrap_or(Path::new(DEFAULT)).to_owned();
    let name = match database.as_deref().and_then(Path::file_name) {
        Some(name) => name.to_string_lossy().into_owned(),
        None => format!("postgres-{}", short_hash(&config.database.place())),
    };
    // Of the folder of a database, the database itself says what is wrong.
    let is_beside = config.state_dir.is_none() && database.is_some();
    if opening == Opening::Store && !is_beside {
        usable(&folder, config.state_dir.is_some())?;
    }
    let file = folder.join(format!("{name}.watermark"));
    Ok(Place { folder, file, database })
}

fn usable(folder: &Path, is_named: bool) -> Result<(), ConfigError> {
    let made = if is_named { Ok(()) } else { fs::create_dir_all(folder) };
    made.and_then(|()| writable(folder)).map_err(|error| {
        let folder = folder.display();
        let problem = if is_named {
            format!("names {folder}, where nothing can be written: {error}")
        } else {
            format!(
                "is not set, and nothing can be written to {folder}: {error}. Name a folder that \
                 lasts, for what must outlive a restored database"
            )
        };
        ConfigError { variable: STATE_DIR.to_owned(), problem }
    })
}

fn short_hash(place: &str) -> String {
    hex::encode(&Sha256::digest(place)[..8])
}
