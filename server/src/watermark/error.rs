//! Why a store is not opened: what this machine has seen of it, or cannot say.

use std::io;
use std::path::PathBuf;

use keyward_core::watermark::{Behind, Unusable};

use super::file::FileError;
use crate::config::{ConfigError, STATE_DIR};
use crate::database::StoreError;

/// Why a store is not opened.
#[derive(Debug, thiserror::Error)]
pub enum WatermarkError {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] ConfigError),
    #[error("{STATE_DIR}: the watermark {} cannot be used: {reason}", .file.display())]
    File { file: PathBuf, reason: io::Error },
    #[error(
        "the watermark {} cannot be used: {reason}. It says which keys were revoked, so nothing is \
         started without it: restore it, or set it aside with `keyward store accept`{}",
        .file.display(), hint(.reason)
    )]
    Unusable { file: PathBuf, reason: Unusable },
    /// Nothing where a store was.
    #[error(
        "there is no store in {place}, but this machine has seen one there ({}): it was removed, \
         or copied without its -wal. Nothing is made in its place: restore a backup, or say that a \
         new one may begin with `keyward store accept`", .file.display()
    )]
    Gone { place: String, file: PathBuf },
    #[error(
        "the store in {place} is not the one that this machine has seen there ({}). Put that one \
         back, or accept this one with `keyward store accept --yes`", .file.display()
    )]
    OtherStore { place: String, file: PathBuf },
    #[error(
        "the store in {place} is behind what this machine has seen of it ({}): {behind}. A backup \
         was restored, or an earlier copy put in its place. `keyward store check` lists the keys \
         that were revoked since; `keyward store accept` takes them away and goes on from here",
        .file.display()
    )]
    Behind { place: String, file: PathBuf, behind: Behind },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WatermarkError {
    /// What is wrong with a file.
    pub(super) fn of_file(file: PathBuf, error: FileError) -> Self {
        match error {
            FileError::Unusable(reason) => Self::Unusable { file, reason },
            FileError::Io(reason) => Self::File { file, reason },
            FileError::Gone | FileError::Shortened => {
                Self::File { file, reason: io::ErrorKind::NotFound.into() }
            }
        }
    }
}

fn hint(reason: &Unusable) -> &'static str {
    match reason {
        Unusable::OtherRootKey(_) => {
            "; when the root key was changed, set the former one as SECRETS_ENCRYPTION_KEY_PREVIOUS \
             for one start"
        }
        _ => "",
    }
}
