//! What a process knows of the watermark, and has to write.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keyward_core::digest::KeyDigest;
use keyward_core::kek::RootKeys;
use keyward_core::row::RowKey;
use keyward_core::watermark::{Mark, Marks, Position, Standing, judge};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::error::WatermarkError;
use super::file::{FileError, LogFile, set_aside};
use super::known::{Known, Trust};
use super::stored::{self, Presence};
use crate::audit::AuditLog;
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError};

/// A file is written again when it has so many lines more than it needs.
const SPARE: u64 = 20_000;

/// The watermark of a store, as this process keeps it. Cheap to clone.
#[derive(Clone)]
pub struct Watermark(Arc<Inner>);

struct Inner {
    /// None: nothing is kept.
    file: Option<Mutex<LogFile>>,
    path: PathBuf,
    roots: RootKeys,
    known: Mutex<Known>,
}

impl Watermark {
    /// Keeps nothing and knows nothing: for what only looks, and for a machine that is none of the
    /// servers'.
    pub fn nowhere(roots: &RootKeys) -> Self {
        Self::of(None, PathBuf::new(), roots, Marks::default())
    }

    pub(super) fn at(file: LogFile, path: &Path, roots: &RootKeys, marks: Marks) -> Self {
        Self::of(Some(file), path.to_owned(), roots, marks)
    }

    /// Knows these marks, and keeps nothing.
    pub(super) fn of(file: Option<LogFile>, path: PathBuf, roots: &RootKeys, marks: Marks) -> Self {
        let known = Known { written: marks.position, marks, ..Known::default() };
        let (file, roots) = (file.map(Mutex::new), roots.clone());
        Self(Arc::new(Inner { file, path, roots, known: Mutex::new(known) }))
    }

    /// Whether anything is kept.
    pub fn is_kept(&self) -> bool {
        self.0.file.is_some()
    }

    /// When this machine met the store, if it was not new then.
    pub fn met(&self) -> Option<OffsetDateTime> {
        let micros = i128::from(self.known().marks.met?);
        OffsetDateTime::from_unix_timestamp_nanos(micros * 1_000).ok()
    }

    /// How many keys were revoked, and how many are disabled.
    pub fn counts(&self) -> (u64, u64) {
        let known = self.known();
        (known.marks.revoked() as u64, known.marks.disabled() as u64)
    }

    /// Whether the key with this digest was revoked, and whether it was disabled.
    pub fn knows(&self, digest: &KeyDigest) -> (bool, bool) {
        let known = self.known();
        (known.marks.is_revoked(digest), known.marks.is_disabled(digest))
    }

    /// Why what has to be written is not; none: it is, or nobody has tried.
    pub fn failure(&self) -> Option<StoreError> {
        self.known().failed.clone().map(StoreError::Watermark)
    }

    /// Takes what a committed change says; [`keep`](Self::keep) writes it.
    pub fn note(&self, marks: impl IntoIterator<Item = Mark>) {
        if self.is_kept() {
            let mut known = self.known();
            for mark in marks {
                known.note(mark);
            }
        }
    }

    /// Two rows have these digests, or one alone has them again.
    pub fn share(&self, digests: impl IntoIterator<Item = KeyDigest>, are_shared: bool) {
        let mut known = self.known();
        for digest in digests {
            if are_shared {
                known.shared.insert(digest);
            } else {
                known.shared.remove(&digest);
            }
        }
    }

    /// The store has come so far, by a change of this process or one that it follows.
    pub fn saw(&self, position: Option<Position>) {
        let mut known = self.known();
        if position.is_some() && !known.is_elsewhere {
            known.marks.position = position;
        }
    }

    /// The store is not where it was seen: from now on only what is revoked is kept.
    pub(super) fn leave(&self) {
        self.known().is_elsewhere = true;
    }

    /// How the stored keys that are read next stand to what was seen.
    pub async fn prove(&self, moment: &impl ConnectionTrait) -> Result<(), StoreError> {
        let Some(seen) = self.known().marks.position.filter(|_| self.is_kept()) else {
            return Ok(());
        };
        let standing = judge(&seen, &with_timeout(stored::stored(moment, &seen)).await?);
        let mut known = self.known();
        known.trust = if known.is_elsewhere { Trust::None } else { Trust::of(standing) };
        if let (Standing::Behind(behind), false) = (standing, known.is_elsewhere) {
            tracing::error!("the store is behind what was seen of it: {behind}");
            known.is_elsewhere = true;
        }
        Ok(())
    }

    /// Writes what changes took away, if anything; when this returns, it is on the disk.
    pub async fn keep(&self) -> Result<(), StoreError> {
        if self.known().pending.is_empty() { Ok(()) } else { self.write().await }
    }

    /// Writes that, and how far the store has come.
    pub async fn keep_position(
        &self,
        db: &DatabaseConnection,
        audit: &AuditLog,
        rows: &RowKey,
    ) -> Result<(), StoreError> {
        if self.is_kept() && !self.known().is_elsewhere {
            self.prove(db).await?;
            self.saw(with_timeout(stored::position(db, audit, rows)).await?);
        }
        match self.write().await {
            // How far the store has come is written again and again.
            Err(error) if self.known().pending.is_empty() => {
                tracing::warn!(%error, "the watermark stays where it was");
                Ok(())
            }
            done => done,
        }
    }

    async fn write(&self) -> Result<(), StoreError> {
        let this = self.clone();
        let written = tokio::task::spawn_blocking(move || this.write_now()).await;
        written.map_err(|error| StoreError::stopped("writing the watermark", error))?
    }

    fn write_now(&self) -> Result<(), StoreError> {
        let Some(file) = &self.0.file else { return Ok(()) };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let (batch, number) = self.known().batch();
        if batch.is_empty() {
            return Ok(());
        }
        let written = match file.append(&batch) {
            Err(FileError::Gone) => self.make_again(&mut file),
            done => done,
        };
        let mut known = self.known();
        match written {
            Ok(others) => {
                known.written(&others, &batch, number);
                let needed = (known.marks.revoked() + known.marks.disabled()) as u64;
                let has_spare = file.lines() > needed + SPARE;
                drop(known);
                if has_spare {
                    self.tidy_file(&mut file).map_err(|error| self.failed(error))?;
                }
                Ok(())
            }
            Err(error) => {
                drop(known);
                Err(self.failed(error))
            }
        }
    }

    fn failed(&self, error: FileError) -> StoreError {
        let reason = WatermarkError::of_file(self.0.path.clone(), error).to_string();
        self.known().failed = Some(reason.clone());
        StoreError::Watermark(reason)
    }

    /// Somebody removed the file while this process knows what was in it.
    fn make_again(&self, file: &mut LogFile) -> Result<Vec<Mark>, FileError> {
        let Inner { path, roots, .. } = &*self.0;
        tracing::warn!("{} was removed, and is made again", path.display());
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

    fn tidy_file(&self, file: &mut LogFile) -> Result<(), FileError> {
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

    /// Like this one without a file: nothing is kept.
    #[must_use]
    pub fn to_nowhere(&self) -> Self {
        Self::nowhere(&self.0.roots)
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

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Watermark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watermark").field("path", &self.0.path).finish_non_exhaustive()
    }
}
