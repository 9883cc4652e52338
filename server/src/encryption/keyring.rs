//! The opened keys in memory.
//!
//! Which data key is the active one is asked of the database, in each transaction that
//! seals: another process may have rotated. A key that is not here yet is opened and kept.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use keyward_api::Sensitive;
use rand::rngs::{SysError, SysRng};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::columns::{SealedColumn, SealedRow};
use super::dek::Dek;
use super::entity::Model;
use super::kek::RootKey;
use super::legacy;
use super::seal::{self, OpenError, Opened};
use super::store::{self, Purpose};

/// Seals and opens values. Cheap to clone; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    root: RootKey,
    data: RwLock<HashMap<String, Arc<Dek>>>,
}

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] SysError),
    /// A row names a key that is not stored.
    #[error("no data key with the id {0} is stored")]
    UnknownKey(String),
    /// The root key was changed, and this process has the former one.
    #[error(
        "SECRETS_ENCRYPTION_KEY is a former root key: the data key with the id {key} is wrapped \
         under the root key with the id {wanted}. Restart this server with that one"
    )]
    FormerRootKey {
        /// The id of the data key.
        key: String,
        /// The id of the root key that opens it.
        wanted: String,
    },
    /// A stored key does not open under the root key that it names.
    #[error("the data key with the id {0} was changed: it does not open under its root key")]
    DamagedKey(String),
    /// No data key is active.
    #[error("no data key is active")]
    NoActiveKey,
    /// The value does not open.
    #[error(transparent)]
    Value(#[from] OpenError),
}

impl KeyringError {
    /// Whether the server cannot open anything now; else it is about one stored value.
    pub fn is_about_the_server(&self) -> bool {
        matches!(self, Self::Database(_) | Self::FormerRootKey { .. })
    }
}

/// The active data key, held until the transaction ends.
pub struct Sealer {
    /// The id of the key, to be stored beside the value.
    pub key_id: String,
    dek: Arc<Dek>,
}

impl Keyring {
    /// A keyring with these opened data keys.
    pub fn new(root: RootKey, data: impl IntoIterator<Item = (String, Dek)>) -> Self {
        let data = data.into_iter().map(|(id, dek)| (id, Arc::new(dek))).collect();
        Self(Arc::new(Inner { root, data: RwLock::new(data) }))
    }

    /// The root key, to wrap a new data key.
    pub(super) fn root(&self) -> &RootKey {
        &self.0.root
    }

    /// Keeps an opened key.
    pub(super) fn keep(&self, id: String, dek: Dek) -> Arc<Dek> {
        let dek = Arc::new(dek);
        let mut data = self.0.data.write().unwrap_or_else(PoisonError::into_inner);
        data.insert(id, dek.clone());
        dek
    }

    /// What new values are sealed with; a rotation waits until the transaction ends.
    pub async fn sealer(&self, transaction: &DatabaseTransaction) -> Result<Sealer, KeyringError> {
        let active = store::hold_active(transaction).await?.ok_or(KeyringError::NoActiveKey)?;
        let dek = self.data_key(transaction, &active.id).await?;
        Ok(Sealer { key_id: active.id, dek })
    }

    /// Opens the value of a row, whatever it is sealed under.
    pub async fn open(
        &self,
        db: &impl ConnectionTrait,
        column: SealedColumn,
        row: &SealedRow,
    ) -> Result<Opened, KeyringError> {
        let Some(key_id) = &row.key_id else { return Ok(legacy::open(&self.0.root, row)?) };
        let dek = self.data_key(db, key_id).await?;
        Ok(seal::open(&dek, column.place(&row.id, key_id), &row.sealed)?)
    }

    /// Opens a value that is text.
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

    /// Whether the active key is there and opens, also for a process that starts now: this one
    /// may have opened it before the root key was changed.
    pub async fn check(&self, db: &impl ConnectionTrait) -> Result<(), KeyringError> {
        let active = store::active(db).await?.ok_or(KeyringError::NoActiveKey)?;
        self.unwrap(&active).map(drop)
    }

    /// Opens a stored key under the root key of this process.
    pub(super) fn unwrap(&self, row: &Model) -> Result<Dek, KeyringError> {
        let root = &self.0.root;
        if row.kek_id != root.id() {
            let (key, wanted) = (row.id.clone(), row.kek_id.clone());
            return Err(KeyringError::FormerRootKey { key, wanted });
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
        Ok(self.keep(id.to_owned(), self.unwrap(&row)?))
    }
}

impl Sealer {
    /// With a key that is not yet the active one.
    pub(super) fn new(key_id: String, dek: Arc<Dek>) -> Self {
        Self { key_id, dek }
    }

    /// Seals the value of the row `row_id`.
    pub fn seal(
        &self,
        column: SealedColumn,
        row_id: &str,
        value: &[u8],
    ) -> Result<Vec<u8>, SysError> {
        seal::seal(&self.dek, column.place(row_id, &self.key_id), value, &mut SysRng)
    }

    /// Opens what this sealed.
    pub fn open(
        &self,
        column: SealedColumn,
        row_id: &str,
        sealed: &[u8],
    ) -> Result<Opened, OpenError> {
        seal::open(&self.dek, column.place(row_id, &self.key_id), sealed)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keyring([redacted])")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}
