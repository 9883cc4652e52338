//! Rotation: a new data key, and every value sealed again under it.
//!
//! All of it is one transaction: the new key, each value opened, sealed, stored, read back
//! and compared, the former key retired and erased, the audit event. Whatever happens before its
//! commit leaves everything as it was. Writers of values hold the active key until they commit,
//! so none of them seals under a key that was retired in between.

use std::sync::{Arc, Mutex, PoisonError};

use keyward_api::encryption::{DataKey, EncryptionStatus, Rotated, RotationProgress};
use keyward_core::dek::Dek;
use sea_orm::{DatabaseTransaction, DbErr};

use super::columns::SEALED;
use super::entity::Model;
use super::error::KeyringError;
use super::keyring::Keyring;
use super::moving::Moving;
use super::sealed_rows::Counts;
use super::sealer::Sealer;
use super::wrapped_key::{self, Purpose};
use super::{key_set, store};
use crate::audit::{Action, Actor, AuditLog};
use crate::clock::Clock;
use crate::database::{AdvisoryLock, DatabaseConnection, StoreError, commit, try_begin_locked};
use crate::encryption::error::{RotateError, RotateRefusal};

/// Rotates, one at a time, and tells how it stands. Cheap to clone.
#[derive(Clone)]
pub struct Rotation {
    db: DatabaseConnection,
    clock: Clock,
    keyring: Keyring,
    audit: AuditLog,
    /// Of the rotation that runs in this process.
    progress: Arc<Mutex<Option<RotationProgress>>>,
}

impl Rotation {
    /// For the values in `db`.
    pub fn new(db: DatabaseConnection, clock: Clock, keyring: Keyring, audit: AuditLog) -> Self {
        Self { db, clock, keyring, audit, progress: Arc::default() }
    }

    pub async fn status(&self) -> Result<EncryptionStatus, RotateError> {
        let active = self.keyring.active(&self.db).await?;
        let keys = store::list(&self.db).await?;
        let Counts { total, sealed } = count(&self.db).await?;
        Ok(EncryptionStatus {
            active_version: version(&active),
            secrets: sealed,
            legacy: total - sealed,
            keys: keys.iter().filter(|key| key.is_for(Purpose::Data)).map(data_key).collect(),
            rotation: *self.lock(),
        })
    }

    /// Moves every value under a new key. Goes on when the caller no longer waits.
    pub async fn rotate(&self, actor: &Actor) -> Result<Rotated, RotateError> {
        let turn = self.begin()?;
        let (this, actor) = (self.clone(), actor.clone());
        let rotation = tokio::spawn(async move {
            let rotated = this.run(&actor).await;
            drop(turn);
            rotated
        });
        rotation
            .await
            .unwrap_or_else(|error| Err(StoreError::stopped("the rotation", error).into()))
    }

    fn begin(&self) -> Result<Running, RotateError> {
        let mut progress = self.lock();
        if progress.is_some() {
            return Err(RotateRefusal::Running.into());
        }
        *progress = Some(RotationProgress { re_encrypted: 0, total: 0 });
        Ok(Running(self.progress.clone()))
    }

    async fn run(&self, actor: &Actor) -> Result<Rotated, RotateError> {
        let transaction = try_begin_locked(&self.db, AdvisoryLock::Keys).await?;
        let transaction = transaction.ok_or(RotateRefusal::Running)?;
        let rotated = self.run_in(&transaction, actor).await;
        match rotated {
            Ok((new, dek, re_encrypted)) => {
                commit(transaction).await?;
                let new_version = version(&new);
                self.keyring.follow(&new, dek);
                tracing::info!(new_version, re_encrypted, "all values are under a new data key");
                Ok(Rotated { new_version, re_encrypted })
            }
            Err(error) => {
                // Now, and not when the connection is next used: a retry would find this one still
                // running. The first error matters more than that of the rollback.
                drop(transaction.rollback().await);
                Err(error)
            }
        }
    }

    async fn run_in(
        &self,
        transaction: &DatabaseTransaction,
        actor: &Actor,
    ) -> Result<(Model, Arc<Dek>, u64), RotateError> {
        let former = self.keyring.hold_alone(transaction).await?;
        // Another process may have changed the root key: what is wrapped under the former one
        // is lost when that is thrown away.
        let former_key = self.keyring.unwrap(&former)?;
        self.keyring.follow(&former, Arc::new(former_key));
        let total = count(transaction).await?.total;
        self.advance(|progress| progress.total = total);

        let (new, dek) = self.replace_key(transaction, &former, actor).await?;
        let moving = Moving {
            keyring: &self.keyring,
            transaction,
            sealer: Sealer::new(new.id.clone(), dek.clone()),
            moved: &|number| self.advance(|progress| progress.re_encrypted += number),
        };
        let mut re_encrypted = 0;
        for column in SEALED {
            re_encrypted += moving.all(column).await?;
        }
        // No value is under any of them: all were counted under the new one.
        store::erase_retired(transaction).await?;
        // The set was looked at when it was locked.
        let keys = store::list(transaction).await?;
        key_set::sign(transaction, self.keyring.rows(), &keys, 0).await?;
        let detail = format!("{re_encrypted} values re-encrypted");
        let target = format!("version {}", version(&new));
        let event = actor.did(Action::EncryptionRotate, Some(target)).with_detail(detail);
        self.audit.append(transaction, event).await?;
        Ok((new, dek, re_encrypted))
    }

    /// Stores a new data key in the place of the `former` one.
    async fn replace_key(
        &self,
        transaction: &DatabaseTransaction,
        former: &Model,
        actor: &Actor,
    ) -> Result<(Model, Arc<Dek>), RotateError> {
        let (now, rows) = (self.clock.now(), self.keyring.rows());
        let keys = store::list(transaction).await?;
        key_set::lock(transaction, rows, &keys).await.map_err(KeyringError::from)?;
        let next = former.version.checked_add(1).ok_or(KeyringError::NotActive(former.version))?;
        let minted = wrapped_key::mint(Purpose::Data, next, self.keyring.root(), &actor.name, now);
        let (new, dek) = minted.map_err(KeyringError::from)?;
        if store::retire(transaction, &former.id, now).await? != 1 {
            let former = format!("the data key, version {}", former.version);
            return Err(RotateRefusal::NotStored(former).into());
        }
        store::insert(transaction, new.clone()).await?;
        Ok((new, Arc::new(dek)))
    }

    fn advance(&self, step: impl FnOnce(&mut RotationProgress)) {
        self.lock().as_mut().map(step);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<RotationProgress>> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While this lives, no other rotation begins in this process.
struct Running(Arc<Mutex<Option<RotationProgress>>>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

async fn count(db: &impl sea_orm::ConnectionTrait) -> Result<Counts, DbErr> {
    let mut all = Counts::default();
    for column in SEALED {
        let Counts { total, sealed } = column.count(db).await?;
        all = Counts { total: all.total + total, sealed: all.sealed + sealed };
    }
    Ok(all)
}

fn version(key: &Model) -> u32 {
    u32::try_from(key.version).unwrap_or(0)
}

fn data_key(key: &Model) -> DataKey {
    DataKey {
        version: version(key),
        state: key.state(),
        created_at: key.created_at,
        created_by: key.created_by.clone(),
        retired_at: key.retired_at,
    }
}
