//! Opening the stored keys at start, or saying why not. Nothing is guessed: whatever does
//! not fit ends the start, before anything was written.
//!
//! 1. Every stored key opens under the root key, or under the previous one; then it is
//!    wrapped anew under the root key, all in one transaction. Values are not touched. A new
//!    audit key takes over, since who knows the former root key may know the former one.
//! 2. Every sealed value names a stored key.
//! 3. Where no stored key proves the root key, the oldest values of the older layout do.
//! 4. Where there is no key at all, and nothing was sealed or recorded under one, the first
//!    ones are made. Processes that start at once take turns, so exactly one makes them.

use std::fmt;

use keyward_api::encryption::DataKeyState;
use rand::rngs::SysError;
use sea_orm::{DatabaseTransaction, DbErr};

use super::columns::{NamedRow, SEALED, SealedRow};
use super::dek::Dek;
use super::entity::Model;
use super::kek::RootKey;
use super::keyring::Keyring;
use super::legacy;
use super::store::{self, Purpose};
use crate::audit::chain::{AuditKey, AuditKeys};
use crate::audit::{self, Action, Actor, AuditLog};
use crate::authenticity::RowKey;
use crate::clock::Clock;
use crate::database::{DatabaseConnection, Turn, begin_turn};

/// Rows of the older layout that prove the root key.
const PROOFS: u64 = 8;

/// The root keys the operator gave.
#[derive(Clone, Debug)]
pub struct RootKeys {
    /// What wraps from now on.
    pub current: RootKey,
    /// What wrapped until now, during a change of the root key.
    pub previous: Option<RootKey>,
}

/// The stored keys, opened.
#[derive(Clone, Debug)]
pub struct Unlocked {
    /// Seals and opens values.
    pub keyring: Keyring,
    /// Records what happens.
    pub audit: AuditLog,
    /// Makes the macs of rows.
    pub rows: RowKey,
}

/// Why the stored keys were not opened. The sentence names the variable, the stored and the
/// given root key, or the row.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// The database did not answer.
    #[error(transparent)]
    Database(#[from] DbErr),
    /// The operating system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] SysError),
    /// The keys are wrapped under a root key that was not given.
    #[error(
        "SECRETS_ENCRYPTION_KEY is not the root key of this database: its keys are wrapped under \
         the root key with the id {stored}, given was {given}. To change the root key, set the \
         former one as SECRETS_ENCRYPTION_KEY_PREVIOUS"
    )]
    WrongRootKey {
        /// The id of the root key it is wrapped under.
        stored: String,
        /// The ids of those that were given.
        given: String,
    },
    /// A stored key was changed.
    #[error(
        "the stored {0} was changed: it does not open under the root key it names. Restore the \
         table encryption_keys from a backup"
    )]
    DamagedKey(KeyName),
    /// A value is sealed under a key that is not stored.
    #[error(
        "{} is sealed under the data key with the id {}, which is not stored. Restore the table \
         encryption_keys from a backup", .0.row, .0.key_id
    )]
    UnknownKey(NamedRow),
    /// A value of the older layout does not open.
    #[error(
        "{row} does not open: it is of the older layout, sealed directly under a root key, and \
         SECRETS_ENCRYPTION_KEY (id {given}) is not that key, or the row was changed"
    )]
    LegacyRow {
        /// The row.
        row: String,
        /// The id of the root key that was given.
        given: String,
    },
    /// The root key cannot be changed while values are directly under it.
    #[error(
        "{0} values of the older layout are sealed directly under the former root key. Start with \
         that one as SECRETS_ENCRYPTION_KEY, rotate (`keyward encryption rotate`), then change it"
    )]
    LegacyBeforeChange(u64),
    /// There are data keys, but none that seals.
    #[error("no data key is active. Restore the table encryption_keys from a backup")]
    NoActiveKey,
    /// There was a log, but its key is gone, or that of a version.
    #[error(
        "a key of the audit log is not stored, but the log was begun. Restore the table \
         encryption_keys from a backup"
    )]
    NoAuditKey,
}

/// Which key, for a sentence.
#[derive(Clone, Debug)]
pub struct KeyName {
    purpose: String,
    version: i32,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} key, version {},", self.purpose, self.version)
    }
}

/// Opens the stored keys; makes the first ones.
pub async fn unlock(
    db: &DatabaseConnection,
    roots: &RootKeys,
    clock: &Clock,
) -> Result<Unlocked, UnlockError> {
    let transaction = begin_turn(db, Turn::Keys).await?;
    let stored = store::list(&transaction).await?;
    let mut opened = Vec::with_capacity(stored.len());
    let mut to_rewrap = Vec::new();
    for row in stored {
        let (dek, is_previous) = open(&row, roots)?;
        if is_previous {
            let row = row.clone();
            let row = if row.is_for(Purpose::Audit) { row.retired(clock.now()) } else { row };
            to_rewrap.push(row.wrap(&dek, &roots.current)?);
        }
        opened.push((row, dek));
    }
    let is_new = opened.is_empty();
    prove(&transaction, roots, is_new, !to_rewrap.is_empty()).await?;

    let rewrapped = to_rewrap.len();
    for row in to_rewrap {
        if store::rewrap(&transaction, row).await? != 1 {
            return Err(DbErr::RecordNotUpdated.into());
        }
    }
    let audit = if is_new {
        begin_log(&transaction, roots, clock).await?
    } else {
        open_log(&transaction, &opened, roots, clock, rewrapped).await?
    };
    let rows = opened.iter().find(|(row, _)| row.is_for(Purpose::Rows));
    let rows = match rows {
        Some((_, dek)) => RowKey::new(dek),
        None => mint_row_key(&transaction, roots, clock).await?,
    };
    let mut data: Vec<(Model, Dek)> =
        opened.into_iter().filter(|(row, _)| row.is_for(Purpose::Data)).collect();
    if is_new {
        data.push(mint_first(&transaction, roots, clock, &audit).await?);
    }
    if store::active(&transaction).await?.is_none() {
        return Err(UnlockError::NoActiveKey);
    }
    transaction.commit().await?;
    if rewrapped > 0 {
        tracing::info!(keys = rewrapped, "stored keys are wrapped under the new root key");
        tracing::warn!("values are still under the former data key: `keyward encryption rotate`");
    } else if roots.previous.is_some() {
        tracing::warn!("nothing is wrapped under SECRETS_ENCRYPTION_KEY_PREVIOUS: remove it");
    }
    let data = data.into_iter().map(|(row, dek)| (row.id, dek));
    Ok(Unlocked { keyring: Keyring::new(roots.current.clone(), data), audit, rows })
}

/// The key, and whether it is still wrapped under the previous root key.
fn open(row: &Model, roots: &RootKeys) -> Result<(Dek, bool), UnlockError> {
    let previous = roots.previous.as_ref();
    let given = std::iter::once(&roots.current).chain(previous);
    let Some(root) = given.clone().find(|root| root.id() == row.kek_id) else {
        let given = given.map(RootKey::id).collect::<Vec<_>>().join(" and ");
        return Err(UnlockError::WrongRootKey { stored: row.kek_id.clone(), given });
    };
    let name = || KeyName { purpose: row.purpose.clone(), version: row.version };
    let dek = row.unwrap(root).map_err(|_| UnlockError::DamagedKey(name()))?;
    Ok((dek, row.kek_id != roots.current.id()))
}

/// Rules 2 and 3.
async fn prove(
    transaction: &DatabaseTransaction,
    roots: &RootKeys,
    is_new: bool,
    root_changes: bool,
) -> Result<(), UnlockError> {
    for column in SEALED {
        if let Some(row) = column.under_unknown_key(transaction).await? {
            return Err(UnlockError::UnknownKey(row));
        }
        let counts = column.count(transaction).await?;
        let legacy = counts.total - counts.sealed;
        if root_changes && legacy > 0 {
            return Err(UnlockError::LegacyBeforeChange(legacy));
        }
        if !is_new {
            continue;
        }
        // One that opens is proof; one that does not may be damaged.
        let oldest = column.oldest_legacy(transaction, PROOFS).await?;
        let opens = |row: &SealedRow| legacy::open(&roots.current, row).is_ok();
        if let (Some(first), false) = (oldest.first(), oldest.iter().any(opens)) {
            let (row, given) = (column.name(&first.label), roots.current.id());
            return Err(UnlockError::LegacyRow { row, given });
        }
    }
    Ok(())
}

/// The log of before. When its active key was wrapped anew, another takes over.
async fn open_log(
    transaction: &DatabaseTransaction,
    opened: &[(Model, Dek)],
    roots: &RootKeys,
    clock: &Clock,
    rewrapped: usize,
) -> Result<AuditLog, UnlockError> {
    let mut rows: Vec<_> = opened.iter().filter(|(row, _)| row.is_for(Purpose::Audit)).collect();
    rows.sort_unstable_by_key(|(row, _)| row.version);
    let is_whole = (1..).zip(&rows).all(|(version, (row, _))| row.version == version);
    let Some(((newest, _), true)) = rows.last().zip(Some(is_whole)) else {
        return Err(UnlockError::NoAuditKey);
    };
    if newest.state() != DataKeyState::Active {
        return Err(UnlockError::NoAuditKey);
    }
    let mut keys: Vec<AuditKey> = rows.iter().map(|(_, dek)| AuditKey::new(dek)).collect();
    let takes_over = newest.kek_id != roots.current.id();
    if takes_over {
        let (version, by) = (newest.version + 1, Actor::system().name);
        let (row, dek) = store::mint(Purpose::Audit, version, &roots.current, &by, clock.now())?;
        store::insert(transaction, row).await?;
        keys.push(AuditKey::new(&dek));
    }
    let active = keys.pop().ok_or(UnlockError::NoAuditKey)?;
    let audit = AuditLog::new(AuditKeys::new(keys, active), clock.clone());
    if rewrapped > 0 {
        let root = roots.current.id();
        let event = Actor::system().did(Action::EncryptionRewrap, None).with_detail(format!(
            "{rewrapped} keys under the root key {root}; rotate, so that values are under a data \
             key that the former root key never wrapped"
        ));
        if takes_over {
            audit.hand_over(transaction, event).await?;
        } else {
            audit.append_unasked(transaction, event).await?;
        }
    }
    Ok(audit)
}

async fn begin_log(
    transaction: &DatabaseTransaction,
    roots: &RootKeys,
    clock: &Clock,
) -> Result<AuditLog, UnlockError> {
    if !audit::store::is_unused(transaction).await? {
        return Err(UnlockError::NoAuditKey);
    }
    let by = Actor::system().name;
    let (row, dek) = store::mint(Purpose::Audit, 1, &roots.current, &by, clock.now())?;
    store::insert(transaction, row).await?;
    let key = AuditKey::new(&dek);
    audit::store::begin(transaction, &key).await?;
    Ok(AuditLog::new(AuditKeys::new(Vec::new(), key), clock.clone()))
}

async fn mint_row_key(
    transaction: &DatabaseTransaction,
    roots: &RootKeys,
    clock: &Clock,
) -> Result<RowKey, UnlockError> {
    let by = Actor::system().name;
    let (row, dek) = store::mint(Purpose::Rows, 1, &roots.current, &by, clock.now())?;
    store::insert(transaction, row).await?;
    Ok(RowKey::new(&dek))
}

async fn mint_first(
    transaction: &DatabaseTransaction,
    roots: &RootKeys,
    clock: &Clock,
    audit: &AuditLog,
) -> Result<(Model, Dek), UnlockError> {
    let by = Actor::system();
    let (row, dek) = store::mint(Purpose::Data, 1, &roots.current, &by.name, clock.now())?;
    store::insert(transaction, row.clone()).await?;
    let event = by.did(Action::EncryptionMint, Some("version 1".to_owned()));
    audit.append_unasked(transaction, event).await?;
    Ok((row, dek))
}
