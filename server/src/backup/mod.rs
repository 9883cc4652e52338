//! Backups: everything that is stored, in one file, and back into an empty store of either kind.
//! The format is [`keyward_core::backup`].
//!
//! 1. A backup is of one moment, however much is changed meanwhile, and is recorded before it.
//! 2. The file appears whole or not at all: it is written beside its place, stored on the disk and
//!    renamed.
//! 3. A backup is looked through by loading it into a store of its own, which is gone afterwards,
//!    and doing there what a server and its commands do: every key is unwrapped, every value
//!    opened, every row and the chain of the log checked.
//! 4. A restore copies that store, in one transaction, into an empty one. What gave people access
//!    at the time of the backup does not come back: sessions and invitations are ended before.
//!
//! | module | what |
//! |---|---|
//! | [`tables`] | the tables and what their columns hold |
//! | [`rows`] | rows out of one store and into another |
//! | [`write`](mod@write) | from a store into a file |
//! | [`temporary`] | a store that is gone afterwards |
//! | [`load`] | from a file into such a store, and what does not hold in it |
//! | [`restore`] | from there into an empty store |

pub mod load;
pub mod restore;
pub mod rows;
pub mod tables;
pub mod temporary;
pub mod write;

use std::io;

use keyward_core::backup::FormatError;
use sea_orm::DbErr;
use time::Duration;

use crate::database::{OpenError, StoreError};
use crate::encryption::error::UnlockError;

/// Why there is no backup, or why it was not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Format(#[from] FormatError),
    /// A row, which is not to be left out in silence.
    #[error("a row of {table} cannot be read: {reason}; see `keyward store check`")]
    Row { table: String, reason: String },
    /// What the database says of it.
    #[error("its rows of {0} cannot be stored: {1}")]
    Insert(String, DbErr),
    /// A disk that is full, for instance.
    #[error("it cannot be looked through in {folder}, which TMPDIR names: {reason}")]
    Temporary { folder: String, reason: String },
    #[error(
        "the store has the migration \"{0}\", which is not the newest of this version of Keyward: \
         another version is changing it"
    )]
    Changing(String),
    #[error("it has the migration \"{0}\", which this version of Keyward does not know")]
    Schema(String),
    #[error("there is something in the store already: a backup is restored into an empty one")]
    NotEmpty,
    #[error(transparent)]
    Unlock(#[from] UnlockError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for BackupError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// The longest line in bytes: a row of ours has at most one long value, and that is far shorter.
const MAX_LINE: u64 = 16 << 20;

/// A last backup that is older is too old.
pub const MAX_AGE: Duration = Duration::days(7);

/// Says how far it is, in rows.
pub type Progress<'a> = dyn Fn(u64) + 'a;
