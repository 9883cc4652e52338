//! What a process knows of the watermark, and has to write.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_core::digest::KeyDigest;
use keyward_core::kek::RootKeys;
use keyward_core::row::RowKey;
use keyward_core::watermark::{Mark, Marks, Position, Standing, judge};
use sea_orm::ConnectionTrait;
use time::OffsetDateTime;

use super::error::WatermarkError;
use super::file::{FileError, LogFile, set_aside};
use super::known::{Known, Trust};
use super::stored;
use crate::audit::AuditLog;
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError};

/// A file is written again when it has so many lines more than it needs.
const SPARE: u64 = 20_000;

/// How long the disk has for a write. One that takes longer is no reason to hold up all others.
const PATIENCE: Duration = Duration::from_secs(15);

/// The watermark of a store, as this process keeps it. Cheap to clone.
#[derive(Clone)]
pub struct Watermark(pub(super) Arc<Inner>);

pub(super) struct Inner {
    /// None: nothing is kept.
    pub(super) file: Option<Mutex<LogFile>>,
    pub(super) path: PathBuf,
    pub(super) roots: RootKeys,
    known: Mutex<Known>,
    /// Of who writes.
    turn: Arc<tokio::sync::Mutex<()>>,
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
        Self(Arc::new(Inner { file, path, roots, known: Mutex::new(known), turn: Arc::default() }))
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

    /// These digests, and no others, are those of two rows.
    pub fn share(&self, digests: impl IntoIterator<Item = KeyDigest>) {
        self.known().shared = digests.into_iter().collect();
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

    /// How far the store has come, as it was seen: asked before a look at it begins, since what is
    /// seen meanwhile may be later than what that look sees.
    pub fn seen(&self) -> Option<Position> {
        self.known().marks.position.filter(|_| self.is_kept())
    }

    /// How the stored keys that are read next stand to what was [`seen`](Self::seen).
    pub async fn prove(
        &self,
        seen: Option<Position>,
        moment: &impl ConnectionTrait,
    ) -> Result<(), StoreError> {
        let Some(seen) = seen else { return Ok(()) };
        let standing = self.judge(&seen, moment).await?;
        let mut known = self.known();
        known.trust = if known.is_elsewhere { Trust::None } else { Trust::of(standing) };
        Ok(())
    }

    /// Whether the store is at what was seen or later; from when it is not, its position is no
    /// longer kept.
    async fn judge(
        &self,
        seen: &Position,
        moment: &impl ConnectionTrait,
    ) -> Result<Standing, StoreError> {
        let standing = judge(seen, &with_timeout(stored::stored(moment, seen)).await?);
        let mut known = self.known();
        if let (Standing::Behind(behind), false) = (standing, known.is_elsewhere) {
            tracing::error!("the store is behind what was seen of it: {behind}");
            known.is_elsewhere = true;
        }
        Ok(standing)
    }

    /// Whether nothing shows that the store goes on from what was seen.
    pub fn is_behind(&self) -> bool {
        let known = self.known();
        known.is_elsewhere || known.trust == Trust::None
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
            if let Some(seen) = self.seen() {
                // Says nothing of keys that are being read at the moment.
                self.judge(&seen, db).await?;
            }
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
        let write = async {
            // One at a time, so that a disk that hangs holds one thread.
            let turn = self.0.turn.clone().lock_owned().await;
            let write = move || {
                let written = this.write_now();
                drop(turn);
                written
            };
            let written = tokio::task::spawn_blocking(write).await;
            written.map_err(|error| StoreError::stopped("writing the watermark", error))?
        };
        let late = |_| Err(self.said(format!("{} s were not enough", PATIENCE.as_secs())));
        tokio::time::timeout(PATIENCE, write).await.unwrap_or_else(late)
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
            Err(FileError::Shortened) => {
                set_aside(&self.0.path).and_then(|()| self.make_again(&mut file))
            }
            done => done,
        };
        let mut known = self.known();
        match written {
            Ok(others) => {
                known.written(&others, &batch, number);
                let needed = (known.marks.revoked() + known.marks.disabled()) as u64;
                let spare = file.lines().saturating_sub(needed);
                let is_due = spare > known.spare.max(SPARE);
                drop(known);
                // What was to be written is.
                if is_due && let Err(error) = self.tidy_file(&mut file) {
                    tracing::warn!(%error, "{} stays long", self.0.path.display());
                    self.known().spare = spare + SPARE;
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
        self.said(WatermarkError::of_file(self.0.path.clone(), error).to_string())
    }

    fn said(&self, reason: String) -> StoreError {
        let reason = format!("the change is made, and this machine has not kept it: {reason}");
        self.known().failed = Some(reason.clone());
        StoreError::Watermark(reason)
    }

    /// Like this one without a file: nothing is kept.
    #[must_use]
    pub fn to_nowhere(&self) -> Self {
        Self::nowhere(&self.0.roots)
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
