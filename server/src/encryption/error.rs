//! Why stored keys were not opened, and why values were not sealed or opened.

use std::fmt;

use keyward_core::seal::OpenError;
use keyward_core::set::SetName;
use rand::rngs::SysError;
use sea_orm::DbErr;

use super::columns::NamedRow;
use super::key_set::KeySetError;
use crate::database::{Refusal, ServiceError, StoreError};

/// Why a value was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no data key with the id {0} is stored")]
    UnknownKey(String),
    #[error("the data key with the id {0} was changed: it does not open under its root key")]
    DamagedKey(String),
    /// The key was erased, since no value was left under it: a rotation came in between, or
    /// somebody put a value back.
    #[error("the data key with the id {0} was erased: no value may be under it any more")]
    ErasedKey(String),
    #[error("no data key is stored")]
    NoActiveKey,
    #[error(
        "the newest data key, version {0}, is not active: the table encryption_keys was changed. \
         `keyward store check` lists what does not hold"
    )]
    NotActive(i32),
    #[error(
        "the newest data key has version {stored}, but was version {seen}: the table \
         encryption_keys was changed, or restored while this server ran"
    )]
    WentBack { stored: i32, seen: i32 },
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    #[error(
        "the row was altered: its value is sealed without its name, and the mac that binds both is \
         missing or wrong"
    )]
    Altered,
    #[error(transparent)]
    Value(#[from] OpenError),
}

impl KeyringError {
    /// Whether the table of the stored keys was changed from outside.
    pub fn is_about_the_keys(&self) -> bool {
        match self {
            Self::NoActiveKey | Self::NotActive(_) | Self::WentBack { .. } => true,
            Self::KeySet(error) => !matches!(error, KeySetError::Store(_)),
            _ => false,
        }
    }

    /// Whether the server cannot open anything now; else it is about one stored value.
    pub fn is_about_the_server(&self) -> bool {
        matches!(self, Self::Store(error) if !matches!(error, StoreError::Random(_)))
    }

    /// Whether a rotation may have moved the value since its row was read: another look tells.
    pub fn may_have_moved(&self) -> bool {
        matches!(self, Self::ErasedKey(_) | Self::Altered)
    }
}

impl From<DbErr> for KeyringError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<SysError> for KeyringError {
    fn from(error: SysError) -> Self {
        Self::Store(error.into())
    }
}

impl From<KeyringError> for StoreError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) | KeyringError::KeySet(KeySetError::Store(error)) => error,
            altered if altered.is_about_the_keys() => Self::AlteredKeys(altered.to_string()),
            other => Self::Encryption(other.to_string()),
        }
    }
}

impl<R: Refusal> From<KeyringError> for ServiceError<R> {
    fn from(error: KeyringError) -> Self {
        Self::Store(error.into())
    }
}

/// Why the stored keys were not opened. The sentence names the variable, the stored and the
/// given root key, or the row.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "SECRETS_ENCRYPTION_KEY is not the root key of this database: its keys are wrapped under \
         the root key with the id {stored}, given was {given}. To change the root key, set the \
         former one as SECRETS_ENCRYPTION_KEY_PREVIOUS"
    )]
    WrongRootKey {
        /// The id of the root key it is wrapped under.
        stored: String,
        given: String,
    },
    #[error(
        "the stored {0} was changed: it does not open under the root key it names. Restore the \
         table encryption_keys from a backup"
    )]
    DamagedKey(KeyName),
    #[error(
        "{} is sealed under the data key with the id {}, which is not stored. Restore the table \
         encryption_keys from a backup", .0.row, .0.key_id
    )]
    UnknownKey(NamedRow),
    #[error(
        "{row} does not open: it is of the older layout, sealed directly under a root key, and \
         SECRETS_ENCRYPTION_KEY (id {given}) is not that key, or the row was changed"
    )]
    LegacyRow {
        row: String,
        /// The id of the root key that was given.
        given: String,
    },
    #[error(
        "{0} values of the older layout are sealed directly under the former root key. Start with \
         that one as SECRETS_ENCRYPTION_KEY, rotate (`keyward encryption rotate`), then change it"
    )]
    LegacyBeforeChange(u64),
    #[error("no data key is stored. Restore the table encryption_keys from a backup")]
    NoActiveKey,
    /// The newest data key is not the one that seals, or not the only one.
    #[error(
        "of the data keys in the table encryption_keys the newest one, version {0}, must be active, \
         and no other: the table was changed. Restore it from a backup"
    )]
    NotActive(i32),
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    #[error(
        "the key that makes the macs of rows is not stored, but it was made. Restore the table \
         encryption_keys from a backup"
    )]
    NoRowKey,
    /// A set of rows is of an earlier day than the end of the audit log.
    #[error(
        "the stored {} were put back to an earlier day, or the end of the audit log was changed: \
         restore a backup of the whole database, or accept what is stored with `keyward store \
         accept`", .0.rows()
    )]
    PutBack(SetName),
    /// Rows are signed at the first start of this version only when the log is whole.
    #[error(
        "the rows of this store are not signed yet, and the audit log was changed, so nobody can \
         say whether they were: look at them, and sign them with `keyward store accept --yes`"
    )]
    AlteredLog,
    #[error(
        "a key of the audit log is not stored, but the log was begun. Restore the table \
         encryption_keys from a backup"
    )]
    NoAuditKey,
}

impl From<DbErr> for UnlockError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<SysError> for UnlockError {
    fn from(error: SysError) -> Self {
        Self::Store(error.into())
    }
}

impl UnlockError {
    /// Whether it is about rule 5 of [`unlock`](super::unlock).
    pub(super) fn is_of_rule_5(&self) -> bool {
        match self {
            Self::NotActive(_) => true,
            Self::KeySet(error) => !matches!(error, KeySetError::Store(_)),
            _ => false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct KeyName {
    pub(super) purpose: String,
    pub(super) version: i32,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key, version {},", self.purpose, self.version)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RotateRefusal {
    #[error("A rotation is already running")]
    Running,
    #[error("{row} does not open, so nothing was rotated: {reason}")]
    Unreadable { row: String, reason: KeyringError },
    #[error("{0} was not stored as it was sealed, so nothing was rotated")]
    NotStored(String),
}

impl Refusal for RotateRefusal {}

pub type RotateError = ServiceError<RotateRefusal>;
