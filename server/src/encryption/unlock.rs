//! Opening the stored keys at start, or saying why not. Nothing is guessed: whatever does
//! not fit ends the start, before anything was written.
//!
//! 1. Every stored key opens under the root key, or under the previous one; then it is
//!    rewrapped under the root key, all in one transaction. Values are not touched. A new
//!    audit key takes over, since who knows the former root key may know the former one.
//! 2. Every sealed value names a stored key.
//! 3. Where no stored key proves the root key, the oldest values of the older layout do.
//! 4. Where there is no key at all, and nothing was sealed or recorded under one, the first
//!    ones are made. Processes that start at once take turns, so exactly one makes them.
//! 5. The newest data key is the active one, and the stored keys add up: see
//!    [`key_set`](super::key_set).
//! 6. The key for rows is made once, for a new store or for one of an earlier version, which is
//!    known by its wrapped keys: they are all of the earlier format, which nobody else can make.
//!    They are rewrapped with it. A store of this version without that key is refused, or
//!    deleting it would be the way to have rows signed.

use keyward_core::kek::{RootKey, RootKeys};
use keyward_core::legacy;
use keyward_core::row::RowKey;
use sea_orm::DatabaseTransaction;

use super::columns::{SEALED, SealedRow};
use super::error::UnlockError;
use super::keyring::Keyring;
use super::opening::Keys;
use super::wrapped_key::Purpose;
use crate::audit::{self, Action, Actor, AuditLog, Event};
use crate::authenticity::sign;
use crate::clock::Clock;
use crate::database::{AdvisoryLock, DatabaseConnection, begin_locked};

/// Rows of the older layout that prove the root key.
const PROOFS: u64 = 8;

#[derive(Clone, Debug)]
pub struct Unlocked {
    pub keyring: Keyring,
    pub audit: AuditLog,
    pub rows: RowKey,
}

/// Opens the stored keys; makes the first ones.
pub async fn unlock(
    db: &DatabaseConnection,
    roots: &RootKeys,
    clock: &Clock,
) -> Result<Unlocked, UnlockError> {
    let (unlocked, altered) = unlock_altered(db, roots, clock, Manner::Looking).await?;
    altered.map_or(Ok(unlocked), Err)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// To use it, or to look into it.
    Looking,
    /// To accept what is stored: a person says so.
    Accepting,
}

/// Like [`unlock`], for a command that looks into a store or repairs it: also opens one whose
/// wrapped keys break rule 5, and says so. Nothing was written then.
pub async fn unlock_altered(
    db: &DatabaseConnection,
    roots: &RootKeys,
    clock: &Clock,
    manner: Manner,
) -> Result<(Unlocked, Option<UnlockError>), UnlockError> {
    let transaction = begin_locked(db, AdvisoryLock::Keys).await?;
    let mut keys = Keys::open(&transaction, roots, clock).await?;
    let is_new = keys.stored.is_empty();
    prove(&transaction, roots, is_new, keys.has_previous).await?;
    let (rows, is_signed) = match keys.opened(Purpose::Rows) {
        Some(dek) => (RowKey::new(dek), true),
        None => (RowKey::new(&keys.mint_row_key().await?), false),
    };
    let rewrapped = keys.rewrap(!is_signed).await?;
    let (audit_keys, takes_over) =
        if is_new { (keys.begin_log().await?, false) } else { keys.open_log().await? };
    let audit = AuditLog::new(audit_keys, rows.clone(), clock.clone());
    if keys.has_previous {
        let event = rewrap_event(rewrapped, &roots.current);
        if takes_over {
            audit.hand_over(&transaction, event).await?;
        } else {
            audit.append_unasked(&transaction, event).await?;
        }
    }
    if is_new {
        keys.mint_first(&audit).await?;
    }
    if !is_signed {
        sign_once(&transaction, &rows, &audit, manner, is_new).await?;
    }
    let put_back = if is_signed { audit.set_put_back(&transaction).await? } else { None };
    let altered = match keys.check_or_sign(&rows, is_signed).await {
        Ok(()) => put_back.map(UnlockError::PutBack),
        Err(altered) if is_signed && altered.is_of_rule_5() => Some(altered),
        Err(error) => return Err(error),
    };
    let has_previous = keys.has_previous;
    if altered.is_some() && has_previous {
        // What is accepted would be recorded under keys that are not stored.
        return altered.map_or(Err(UnlockError::NoActiveKey), Err);
    }
    let data = keys.into_data();
    if altered.is_some() {
        transaction.rollback().await?;
    } else {
        transaction.commit().await?;
        if has_previous {
            tracing::info!(keys = rewrapped, "stored keys are wrapped under the new root key");
            tracing::warn!(
                "values are still under the former data key: `keyward encryption rotate`"
            );
        } else if roots.previous.is_some() {
            tracing::warn!("nothing is wrapped under SECRETS_ENCRYPTION_KEY_PREVIOUS: remove it");
        }
    }
    let keyring = Keyring::new(roots.current.clone(), rows.clone(), data);
    Ok((Unlocked { keyring, audit, rows }, altered))
}

fn rewrap_event(number: usize, root: &RootKey) -> Event {
    Actor::system().did(Action::EncryptionRewrap, None).with_detail(format!(
        "{number} keys under the root key {}; rotate, so that values are under a data key that the \
         former root key never wrapped",
        root.id()
    ))
}

/// Signs the rows of a store of an earlier version, or of a new one.
async fn sign_once(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    audit: &AuditLog,
    manner: Manner,
    is_new: bool,
) -> Result<(), UnlockError> {
    if audit::store::was_signed(transaction).await? {
        return Err(UnlockError::NoRowKey);
    }
    // An entry that says that they were signed may have been taken out.
    if manner != Manner::Accepting && !audit.is_valid(transaction).await? {
        return Err(UnlockError::AlteredLog);
    }
    let signed = sign::everything(transaction, rows, Default::default()).await?;
    if !signed.is_empty() {
        tracing::warn!("rows of an earlier version were signed as they are: {signed}");
    } else if is_new {
        return Ok(());
    }
    let event = Actor::system().did(Action::StoreSign, None).with_detail(signed.to_string());
    Ok(audit.append_unasked(transaction, event).await?)
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
        let opens =
            |row: &SealedRow| legacy::open(&roots.current, row.iv.as_deref(), &row.sealed).is_ok();
        if let (Some(first), false) = (oldest.first(), oldest.iter().any(opens)) {
            let (row, given) = (column.name(&first.label), roots.current.id());
            return Err(UnlockError::LegacyRow { row, given });
        }
    }
    Ok(())
}
