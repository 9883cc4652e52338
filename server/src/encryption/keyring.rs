//! The opened keys in memory.
//!
//! 1. Which data key is the active one is asked of the database, in each transaction that
//!    seals: another process may have rotated. It is the one with the highest version, and must
//!    say that it is active; anything else is an error, since somebody changed the table.
//! 2. A process does not go back to a lower version than it has seen.
//! 3. A key that is not here yet is opened and kept. When a newer one is seen, the others are
//!    let go: every value was moved, and what is put back under a former key does not open.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use keyward_api::Sensitive;
use keyward_api::encryption::DataKeyState;
use keyward_core::dek::Dek;
use keyward_core::kek::RootKey;
use keyward_core::legacy;
use keyward_core::row::RowKey;
use keyward_core::seal::{self, OpenError, Opened};
use sea_orm::sea_query::LockType;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::columns::{SealedColumn, SealedRow};
use super::entity::Model;
use super::error::KeyringError;
use super::sealer::Sealer;
use super::wrapped_key::Purpose;
use super::{key_set, store, unbound};
use crate::database::StoreError;

/// Seals and opens values. Cheap to clone; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    root: RootKey,
    rows: RowKey,
    data: RwLock<HashMap<String, Arc<Dek>>>,
    /// The highest version of a data key that was seen.
    newest: AtomicI32,
}

impl Keyring {
    /// A keyring with these opened data keys, which checks rows with `rows`.
    pub fn new(root: RootKey, rows: RowKey, data: impl IntoIterator<Item = (Model, Dek)>) -> Self {
        let mut newest = 0;
        let data = data.into_iter().map(|(row, dek)| {
            newest = newest.max(row.version);
            (row.id, Arc::new(dek))
        });
        let data = RwLock::new(data.collect());
        Self(Arc::new(Inner { root, rows, data, newest: newest.into() }))
    }

    /// The root key, to wrap a new data key.
    pub(super) fn root(&self) -> &RootKey {
        &self.0.root
    }

    pub(super) fn rows(&self) -> &RowKey {
        &self.0.rows
    }

    /// Keeps the key that a rotation made, and no other.
    pub(super) fn follow(&self, row: &Model, dek: Arc<Dek>) {
        self.keep(row.id.clone(), dek);
        self.advance(row);
    }

    fn keep(&self, id: String, dek: Arc<Dek>) {
        self.0.data.write().unwrap_or_else(PoisonError::into_inner).insert(id, dek);
    }

    /// Rules 1 and 2, for the newest data key as it is stored.
    fn judge(&self, newest: Option<Model>) -> Result<Model, KeyringError> {
        let newest = newest.ok_or(KeyringError::NoActiveKey)?;
        let (stored, seen) = (newest.version, self.0.newest.load(Ordering::SeqCst));
        if stored < seen {
            return Err(KeyringError::WentBack { stored, seen });
        }
        if newest.state() != DataKeyState::Active {
            return Err(KeyringError::NotActive(stored));
        }
        self.advance(&newest);
        Ok(newest)
    }

    fn advance(&self, newest: &Model) {
        if self.0.newest.fetch_max(newest.version, Ordering::SeqCst) < newest.version {
            let mut data = self.0.data.write().unwrap_or_else(PoisonError::into_inner);
            data.retain(|id, _| *id == newest.id);
        }
    }

    pub async fn active(&self, db: &impl ConnectionTrait) -> Result<Model, KeyringError> {
        self.judge(store::newest(db).await?)
    }

    /// Holds the active data key: no rotation begins until the transaction ends.
    pub async fn hold(&self, transaction: &DatabaseTransaction) -> Result<Model, KeyringError> {
        self.judge(store::hold_newest(transaction, LockType::Share).await?)
    }

    /// Like [`hold`](Self::hold), and nobody else may write values meanwhile: for a change of
    /// rows that others could add to.
    pub async fn hold_alone(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Model, KeyringError> {
        self.judge(store::hold_newest(transaction, LockType::Update).await?)
    }

    /// What new values are sealed with; a rotation waits until the transaction ends.
    pub async fn sealer(&self, transaction: &DatabaseTransaction) -> Result<Sealer, KeyringError> {
        let active = self.hold(transaction).await?;
        self.sealer_of(transaction, active).await
    }

    /// Like [`sealer`](Self::sealer), alone: see [`hold_alone`](Self::hold_alone).
    pub async fn sealer_alone(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Sealer, KeyringError> {
        let active = self.hold_alone(transaction).await?;
        self.sealer_of(transaction, active).await
    }

    async fn sealer_of(
        &self,
        transaction: &DatabaseTransaction,
        active: Model,
    ) -> Result<Sealer, KeyringError> {
        let dek = self.data_key(transaction, &active.id).await?;
        Ok(Sealer::new(active.id, dek))
    }

    /// Opens the value of a row, whatever it is sealed under.
    pub async fn open(
        &self,
        db: &impl ConnectionTrait,
        column: SealedColumn,
        row: &SealedRow,
    ) -> Result<Opened, KeyringError> {
        let dek = self.key_of(db, row).await?;
        self.open_with(dek.as_deref(), column, row)
    }

    /// The data key that a row names; none in the older layout.
    pub(super) async fn key_of(
        &self,
        db: &impl ConnectionTrait,
        row: &SealedRow,
    ) -> Result<Option<Arc<Dek>>, KeyringError> {
        match &row.key_id {
            Some(key_id) => self.data_key(db, key_id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens the value of a row with the [key that it names](Self::key_of).
    pub(super) fn open_with(
        &self,
        dek: Option<&Dek>,
        column: SealedColumn,
        row: &SealedRow,
    ) -> Result<Opened, KeyringError> {
        let newest = self.0.newest.load(Ordering::SeqCst);
        if !unbound::is_ours(&self.0.rows, column, row, newest) {
            return Err(KeyringError::Altered);
        }
        match (dek, &row.key_id) {
            (Some(dek), Some(key_id)) => {
                Ok(seal::open(dek, row.subject(column).binding(key_id), &row.sealed)?)
            }
            _ => Ok(legacy::open(&self.0.root, row.iv.as_deref(), &row.sealed)?),
        }
    }

    pub async fn open_text(
        &self,
        db: &impl ConnectionTrait,
        column: SealedColumn,
        row: &SealedRow,
    ) -> Result<Sensitive, KeyringError> {
        let opened = self.open(db, column, row).await?;
        // Sealed as UTF-8; a value of the older layout may be anything.
        let text = std::str::from_utf8(&opened).map_err(|_| OpenError)?;
        Ok(Sensitive::from(text.to_owned()))
    }

    /// Whether the active key is there and opens, also for a process that starts now (this one
    /// may have opened it before the root key was changed), and the stored keys are those that
    /// were stored.
    pub async fn check(&self, db: &impl ConnectionTrait) -> Result<(), KeyringError> {
        let active = self.active(db).await?;
        self.unwrap(&active)?;
        Ok(key_set::check(db, &self.0.rows).await?)
    }

    /// Opens a stored key under the root key of this process.
    pub(super) fn unwrap(&self, row: &Model) -> Result<Dek, KeyringError> {
        let root = &self.0.root;
        if row.kek_id != root.id() {
            let reason = format!(
                "the data key with the id {} is wrapped under the root key with the id {}",
                row.id, row.kek_id
            );
            return Err(StoreError::FormerRootKey(reason).into());
        }
        row.unwrap(root).map_err(|_| KeyringError::DamagedKey(row.id.clone()))
    }

    async fn data_key(
        &self,
        db: &impl ConnectionTrait,
        id: &str,
    ) -> Result<Arc<Dek>, KeyringError> {
        if let Some(dek) = self.0.data.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(dek.clone());
        }
        let row = store::find(db, Purpose::Data, id).await?;
        let row = row.ok_or_else(|| KeyringError::UnknownKey(id.to_owned()))?;
        // A retired one is put back: no value may be under it any more.
        if row.state() != DataKeyState::Active {
            return Err(KeyringError::ErasedKey(id.to_owned()));
        }
        let dek = Arc::new(self.unwrap(&row)?);
        self.keep(id.to_owned(), dek.clone());
        Ok(dek)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring([redacted])")
    }
}
