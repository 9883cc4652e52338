//! What can be done with secrets. Each change is one transaction with its audit event; a
//! value leaves only after the event that says who read it is stored.

use keyward_api::secrets::{CreateSecret, RevealedSecret, Secret, UpdateSecret};
use sea_orm::{DbErr, SqlErr};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::entity::Model;
use super::store;
use crate::audit::{Action, Actor, AuditLog};
use crate::clock::Clock;
use crate::database::names::Names;
use crate::database::{DatabaseConnection, Refusal, ServiceError, begin_write, commit};
use crate::encryption::Keyring;
use crate::encryption::columns::{SECRETS, Subject};
use crate::encryption::error::KeyringError;

/// The secrets of this installation. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    pub(super) db: DatabaseConnection,
    clock: Clock,
    keyring: Keyring,
    audit: AuditLog,
}

#[derive(Debug, thiserror::Error)]
pub enum SecretRefusal {
    #[error("Secret with key \"{0}\" already exists")]
    Exists(String),
    #[error("Secret with key \"{0}\" not found")]
    NotFound(String),
    #[error("Secret with key \"{0}\" was changed in the meantime")]
    Changed(String),
    #[error("Secret with key \"{key}\" cannot be decrypted")]
    Unreadable { key: String, reason: KeyringError },
}

impl Refusal for SecretRefusal {}

/// Why something was not done with a secret.
pub type SecretError = ServiceError<SecretRefusal>;

/// What the caller believes of a secret before it changes it.
pub type Precondition<'a> = &'a (dyn Fn(&Model) -> bool + Sync);

impl Vault {
    /// The secrets in `db`.
    pub fn new(db: DatabaseConnection, clock: Clock, keyring: Keyring, audit: AuditLog) -> Self {
        Self { db, clock, keyring, audit }
    }

    /// Secrets without their values, by key, and one more than are asked for if there are
    /// more; and how many there are on all pages. `patterns`: the names that the caller may see,
    /// or beginnings of them and `*`; `None`: all.
    pub async fn list(
        &self,
        names: &Names,
        patterns: Option<&[&str]>,
    ) -> Result<(Vec<Secret>, u64), SecretError> {
        Ok(store::list(&self.db, names, patterns).await?)
    }

    /// The value of a secret, and the row it came from.
    pub async fn reveal(
        &self,
        actor: &Actor,
        key: &str,
    ) -> Result<(RevealedSecret, Model), SecretError> {
        let not_found = || SecretRefusal::NotFound(key.to_owned());
        let mut row = store::find(&self.db, key).await?.ok_or_else(not_found)?;
        let mut value = self.keyring.open_text(&self.db, SECRETS, &row.sealed()).await;
        if value.as_ref().is_err_and(KeyringError::may_have_moved) {
            row = store::find(&self.db, key).await?.ok_or_else(not_found)?;
            value = self.keyring.open_text(&self.db, SECRETS, &row.sealed()).await;
        }
        let value = value.map_err(|error| match error {
            error if error.is_about_the_server() => SecretError::from(error),
            reason => SecretRefusal::Unreadable { key: key.to_owned(), reason }.into(),
        })?;
        self.audit.record(&self.db, actor.did(Action::SecretRead, Some(key.to_owned()))).await?;
        Ok((RevealedSecret { key: key.to_owned(), value }, row))
    }

    pub async fn create(&self, actor: &Actor, input: CreateSecret) -> Result<Model, SecretError> {
        let CreateSecret { key, value, description } = input;
        let key = String::from(key);
        let id = Uuid::now_v7().to_string();
        let now = self.clock.now();
        let transaction = begin_write(&self.db).await?;
        if store::find(&transaction, &key).await?.is_some() {
            return Err(SecretRefusal::Exists(key).into());
        }
        let sealer = self.keyring.sealer(&transaction).await?;
        let subject = Subject::secret(&id, &key);
        let encrypted_value = sealer.seal(&subject, value.expose().as_bytes());
        let row = Model {
            id: id.clone(),
            key: key.clone(),
            encrypted_value: encrypted_value.map_err(KeyringError::from)?,
            iv: None,
            key_id: Some(sealer.key_id),
            description: description.and_then(keyward_api::secrets::Description::into_text),
            created_by: Some(actor.name.clone()),
            created_at: now,
            updated_at: now,
            mac: None,
        };
        store::insert(&transaction, row.clone()).await.map_err(|error| exists(error, &key))?;
        let event = actor.did(Action::SecretCreate, Some(key));
        self.audit.append(&transaction, event).await?;
        commit(transaction).await?;
        Ok(row)
    }

    pub async fn update(
        &self,
        actor: &Actor,
        key: &str,
        input: UpdateSecret,
        is_expected: Precondition<'_>,
    ) -> Result<Model, SecretError> {
        let UpdateSecret { value, description } = input;
        let transaction = begin_write(&self.db).await?;
        // Before the row: a rotation locks in this order.
        let sealer = self.keyring.sealer(&transaction).await?;
        let mut row = self.lock_expected(&transaction, key, is_expected).await?;
        let changed = match (&value, &description) {
            (Some(_), Some(_)) => "value and description",
            (Some(_), None) => "value",
            (None, Some(_)) => "description",
            (None, None) => return Ok(row),
        };
        if let Some(value) = value {
            let subject = Subject::secret(&row.id, &row.key);
            let encrypted = sealer.seal(&subject, value.expose().as_bytes());
            row.encrypted_value = encrypted.map_err(KeyringError::from)?;
            (row.key_id, row.iv, row.mac) = (Some(sealer.key_id), None, None);
        }
        if let Some(description) = description {
            row.description = description.and_then(keyward_api::secrets::Description::into_text);
        }
        row.updated_at = later(self.clock.now(), row.updated_at);
        store::update(&transaction, row.clone()).await?;
        let event = actor.did(Action::SecretUpdate, Some(key.to_owned())).with_detail(changed);
        self.audit.append(&transaction, event).await?;
        commit(transaction).await?;
        Ok(row)
    }

    pub async fn delete(
        &self,
        actor: &Actor,
        key: &str,
        is_expected: Precondition<'_>,
    ) -> Result<(), SecretError> {
        let transaction = begin_write(&self.db).await?;
        // A rotation counts the rows that it moves.
        self.keyring.hold(&transaction).await?;
        let row = self.lock_expected(&transaction, key, is_expected).await?;
        if store::delete(&transaction, &row.id).await? != 1 {
            return Err(SecretRefusal::NotFound(key.to_owned()).into());
        }
        let event = actor.did(Action::SecretDelete, Some(key.to_owned()));
        self.audit.append(&transaction, event).await?;
        Ok(commit(transaction).await?)
    }

    async fn lock_expected(
        &self,
        transaction: &sea_orm::DatabaseTransaction,
        key: &str,
        is_expected: Precondition<'_>,
    ) -> Result<Model, SecretError> {
        let row = store::lock(transaction, key).await?;
        let row = row.ok_or_else(|| SecretRefusal::NotFound(key.to_owned()))?;
        if is_expected(&row) { Ok(row) } else { Err(SecretRefusal::Changed(key.to_owned()).into()) }
    }
}

/// Another one may have added the key since it was looked for.
fn exists(error: DbErr, key: &str) -> SecretError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => SecretRefusal::Exists(key.to_owned()).into(),
        _ => error.into(),
    }
}

/// The time is the version of the row, so it moves even when the clock does not.
fn later(now: OffsetDateTime, before: OffsetDateTime) -> OffsetDateTime {
    now.max(before + Duration::MICROSECOND)
}
