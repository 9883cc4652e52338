//! A store that is gone afterwards: an SQLite file in a folder that only its owner may enter.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use tempfile::Builder;

use super::BackupError;
use crate::config::DatabaseConfig;
use crate::database::{self, DatabaseConnection, Opening};

/// What is in it is as secret as a backup: sealed values, and hashes.
pub struct TemporaryStore {
    pub db: DatabaseConnection,
    // After the connections.
    folder: Folder,
}

impl TemporaryStore {
    /// An empty one, in `TMPDIR` or `/tmp`.
    pub async fn new() -> Result<Self, BackupError> {
        let folder = Folder(Builder::new().prefix("keyward-").tempdir()?.keep());
        let url = format!("sqlite://{}", folder.0.join("store.db").display());
        let db = database::connect(&DatabaseConfig::at(url), Opening::Store).await?;
        Ok(Self { db, folder })
    }

    /// What failed, and where: `TMPDIR` may be too small.
    pub fn about(&self, error: BackupError) -> BackupError {
        match error {
            BackupError::Store(_) | BackupError::Open(_) | BackupError::Insert(..) => {
                let folder = self.folder.0.parent().unwrap_or(&self.folder.0);
                let (folder, reason) = (folder.display().to_string(), error.to_string());
                BackupError::Temporary { folder, reason }
            }
            error => error,
        }
    }
}

struct Folder(PathBuf);

impl Drop for Folder {
    /// The threads of the connections may still write when they are dropped in the middle.
    fn drop(&mut self) {
        const TRIES: u32 = 100;
        const PAUSE: Duration = Duration::from_millis(10);
        let is_gone = |removed: io::Result<()>| match removed {
            Ok(()) => true,
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        let gone = (0..TRIES).any(|n| {
            sleep(PAUSE * n.min(1));
            is_gone(fs::remove_dir_all(&self.0))
        });
        if !gone {
            tracing::warn!(folder = %self.0.display(), "a copy of the store could not be removed");
        }
    }
}
