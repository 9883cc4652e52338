//! The stored keys in the transaction that opens them at start, makes the first ones, and wraps
//! them again.

use keyward_api::encryption::DataKeyState;
use keyward_core::chain::{AuditKey, AuditKeys};
use keyward_core::dek::Dek;
use keyward_core::kek::{RootKey, RootKeys};
use keyward_core::row::RowKey;
use sea_orm::{DatabaseTransaction, DbErr};

use super::entity::Model;
use super::error::{KeyName, UnlockError};
use super::wrapped_key::{self, Purpose};
use super::{key_set, store};
use crate::audit::{self, Action, Actor, AuditLog};
use crate::clock::Clock;

/// The keys in the transaction that opens them.
pub(super) struct Keys<'a> {
    transaction: &'a DatabaseTransaction,
    roots: &'a RootKeys,
    clock: &'a Clock,
    pub(super) stored: Vec<Model>,
    /// Those of them that are not erased.
    opened: Vec<(Model, Dek)>,
    /// Whether some are wrapped under the previous root key.
    pub(super) has_previous: bool,
    minted: Vec<(Model, Dek)>,
    /// Rows of other states than they were stored with: audit keys that were retired.
    retired: Vec<Model>,
}

impl<'a> Keys<'a> {
    pub(super) async fn open(
        transaction: &'a DatabaseTransaction,
        roots: &'a RootKeys,
        clock: &'a Clock,
    ) -> Result<Self, UnlockError> {
        let stored = store::list(transaction).await?;
        let (mut opened, mut has_previous) = (Vec::with_capacity(stored.len()), false);
        for row in stored.iter().filter(|row| !row.is_erased()) {
            let (dek, is_previous) = open(row, roots)?;
            has_previous |= is_previous;
            opened.push((row.clone(), dek));
        }
        Ok(Self {
            transaction,
            roots,
            clock,
            stored,
            opened,
            has_previous,
            minted: Vec::new(),
            retired: Vec::new(),
        })
    }

    pub(super) fn opened(&self, purpose: Purpose) -> Option<&Dek> {
        self.opened.iter().find(|(row, _)| row.is_for(purpose)).map(|(_, dek)| dek)
    }

    async fn mint(&mut self, purpose: Purpose, version: i32) -> Result<Dek, UnlockError> {
        let (by, now) = (Actor::system().name, self.clock.now());
        let (row, dek) = wrapped_key::mint(purpose, version, &self.roots.current, &by, now)?;
        store::insert(self.transaction, row.clone()).await?;
        self.minted.push((row, dek.clone()));
        Ok(dek)
    }

    pub(super) async fn begin_log(&mut self) -> Result<AuditKeys, UnlockError> {
        if !audit::store::is_unused(self.transaction).await? {
            return Err(UnlockError::NoAuditKey);
        }
        let key = AuditKey::new(&self.mint(Purpose::Audit, 1).await?);
        audit::store::begin(self.transaction, &key).await?;
        Ok(AuditKeys::new(Vec::new(), key))
    }

    /// The keys of the log of before, and whether another one takes over, since the root key was
    /// changed: then they are rewrapped already.
    pub(super) async fn open_log(&mut self) -> Result<(AuditKeys, bool), UnlockError> {
        let mut found: Vec<_> =
            self.opened.iter().filter(|(row, _)| row.is_for(Purpose::Audit)).collect();
        found.sort_unstable_by_key(|(row, _)| row.version);
        let is_whole = (1..).zip(&found).all(|(version, (row, _))| row.version == version);
        let newest = found.last().map(|(row, _)| row).filter(|_| is_whole);
        let newest = newest.ok_or(UnlockError::NoAuditKey)?;
        if newest.state() != DataKeyState::Active {
            return Err(UnlockError::NoAuditKey);
        }
        let (next, takes_over) = (newest.version + 1, newest.kek_id != self.roots.current.id());
        let mut keys: Vec<AuditKey> = found.iter().map(|(_, dek)| AuditKey::new(dek)).collect();
        if takes_over {
            keys.push(AuditKey::new(&self.mint(Purpose::Audit, next).await?));
        }
        let active = keys.pop().ok_or(UnlockError::NoAuditKey)?;
        Ok((AuditKeys::new(keys, active), takes_over))
    }

    /// Rule 6 of [`unlock`](super::unlock).
    pub(super) async fn mint_row_key(&mut self) -> Result<Dek, UnlockError> {
        if self.stored.iter().any(|row| row.is_wrapped_anew() || row.is_erased()) {
            return Err(UnlockError::NoRowKey);
        }
        self.mint(Purpose::Rows, 1).await
    }

    pub(super) async fn mint_first(&mut self, audit: &AuditLog) -> Result<(), UnlockError> {
        self.mint(Purpose::Data, 1).await?;
        let event = Actor::system().did(Action::EncryptionMint, Some("version 1".to_owned()));
        Ok(audit.append_unasked(self.transaction, event).await?)
    }

    /// Wraps again what is under the previous root key, or all of it; how many.
    pub(super) async fn rewrap(&mut self, all: bool) -> Result<usize, UnlockError> {
        let current = self.roots.current.id();
        let wanted = self.opened.iter().filter(|(row, _)| all || row.kek_id != current);
        let mut number = 0;
        for (row, dek) in wanted {
            let mut row = row.clone();
            if row.is_for(Purpose::Audit) && row.kek_id != current {
                row = row.retired(self.clock.now());
                self.retired.push(row.clone());
            }
            let row = row.wrap(dek, &self.roots.current)?;
            if store::rewrap(self.transaction, row).await? != 1 {
                return Err(DbErr::RecordNotUpdated.into());
            }
            number += 1;
        }
        Ok(number)
    }

    /// Rule 5 of [`unlock`](super::unlock); and the set of the keys is signed, or brought forward.
    pub(super) async fn check_or_sign(
        &self,
        rows: &RowKey,
        is_signed: bool,
    ) -> Result<(), UnlockError> {
        let minted = self.minted.iter().map(|(row, _)| row);
        let all = || self.stored.iter().chain(minted.clone());
        let data = || all().filter(|row| row.is_for(Purpose::Data));
        let newest = data().max_by_key(|row| row.version).ok_or(UnlockError::NoActiveKey)?;
        let is_right = |row: &Model| (row.state() == DataKeyState::Active) == (row.id == newest.id);
        if !data().all(is_right) {
            return Err(UnlockError::NotActive(newest.version));
        }
        let retired = |row: &Model| self.retired.iter().find(|retired| retired.id == row.id);
        if !is_signed {
            let all = all().map(|row| retired(row).unwrap_or(row));
            return Ok(key_set::sign(self.transaction, rows, all, 0).await?);
        }
        let mut set = key_set::lock(self.transaction, rows, &self.stored).await?;
        for before in &self.stored {
            if let Some(after) = retired(before) {
                set.take(key_set::element(rows, before));
                set.add(key_set::element(rows, after));
            }
        }
        minted.for_each(|row| set.add(key_set::element(rows, row)));
        if !self.minted.is_empty() || !self.retired.is_empty() {
            key_set::put(self.transaction, rows, set).await?;
        }
        Ok(())
    }

    pub(super) fn into_data(self) -> Vec<(Model, Dek)> {
        let all = self.opened.into_iter().chain(self.minted);
        all.filter(|(row, _)| row.is_for(Purpose::Data)).collect()
    }
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
