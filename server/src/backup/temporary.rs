//! A store that is gone afterwards: an SQLite file in a folder that only its owner may enter.

use tempfile::TempDir;

use super::BackupError;
use crate::config::DatabaseConfig;
use crate::database::{self, DatabaseConnection, Opening};

/// What is in it is as secret as a backup: sealed values, and hashes.
pub struct TemporaryStore {
    pub db: DatabaseConnection,
    // After the connections, which are closed first.
    _folder: TempDir,
}

impl TemporaryStore {
    /// An empty one, in `TMPDIR` or `/tmp`.
    pub async fn new() -> Result<Self, BackupError> {
        let folder = tempfile::Builder::new().prefix("keyward-").tempdir()?;
        let url = format!("sqlite://{}", folder.path().join("store.db").display());
        let db = database::connect(&DatabaseConfig::at(url), Opening::Store).await?;
        Ok(Self { db, _folder: folder })
    }
}
