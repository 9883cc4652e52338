//! Writing the file as a whole: when it is long, was taken away, or another store is accepted.

use std::sync::PoisonError;

use keyward_core::row::RowKey;
use keyward_core::watermark::{Mark, Position};

use super::error::WatermarkError;
use super::file::{FileError, LogFile, set_aside};
use super::keeper::{Inner, Watermark};
use super::stored::{self, Presence};
use crate::audit::AuditLog;
use crate::database::{DatabaseConnection, StoreError};

impl Watermark {
    /// Somebody removed the file while this process knows what was in it.
    pub(super) fn make_again(&self, file: &mut LogFile) -> Result<Vec<Mark>, FileError> {
        let Inner { path, roots, .. } = &*self.0;
        tracing::warn!("{} was removed or cut off, and is made again", path.display());
        let marks = self.known().marks.clone();
        let (made, found) = LogFile::create(path, roots, &marks)?;
        *file = made;
        Ok(if found == marks { Vec::new() } else { found.lines().collect() })
    }

    /// Writes the file again, with the fewest lines and under the root key of now.
    pub(super) fn tidy(&self) -> Result<(), FileError> {
        match &self.0.file {
            Some(file) => self.tidy_file(&mut file.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Ok(()),
        }
    }

    pub(super) fn tidy_file(&self, file: &mut LogFile) -> Result<(), FileError> {
        file.replace(|others| {
            let mut known = self.known();
            known.written(others, &[], 0);
            known.written = known.marks.position;
            known.marks.clone()
        })
    }

    /// Goes on with this store from this position, also in the file. What was revoked stays so.
    pub(super) fn adopt(
        &self,
        store: Option<&str>,
        position: Option<Position>,
    ) -> Result<(), FileError> {
        let Inner { file, path, roots, .. } = &*self.0;
        let adopted = |others: &[Mark]| {
            let mut known = self.known();
            known.written(others, &[], 0);
            (known.is_elsewhere, known.written) = (false, position);
            known.marks.store = store.map(str::to_owned);
            (known.marks.position, known.marks.met) = (position, None);
            known.marks.clone()
        };
        match file {
            Some(file) => file.lock().unwrap_or_else(PoisonError::into_inner).replace(adopted),
            None if path.as_os_str().is_empty() => Ok(()),
            // One that cannot be used.
            None => {
                set_aside(path)?;
                LogFile::create(path, roots, &adopted(&[])).map(drop)
            }
        }
    }

    /// Accepts the store as it is: this machine goes on from there. What was revoked stays so.
    pub async fn accept(
        &self,
        db: &DatabaseConnection,
        audit: &AuditLog,
        rows: &RowKey,
    ) -> Result<(), WatermarkError> {
        let Presence::Store(store) = stored::of_keys(db).await.map_err(StoreError::from)? else {
            return Ok(());
        };
        let position = stored::position(db, audit, rows).await?;
        let adopted = self.adopt(Some(&store), position);
        adopted.map_err(|error| WatermarkError::of_file(self.0.path.clone(), error))
    }
}
