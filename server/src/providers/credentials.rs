//! What can be done with the keys of providers; with those of models: [`models`](super::models). Each change is one transaction with its
//! audit event; a key leaves only after the event that says who got it is stored.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use keyward_api::providers::{
    BaseUrl, Provider, ProviderId, ProviderKey, SetProvider, UpdateProvider, model_id,
};
use keyward_api::secrets::Description;
use keyward_core::row::{Authenticated, RowKey};
use sea_orm::DatabaseTransaction;

use super::candidates::{Candidates, Lookup};
use super::entity::provider;
use super::error::{ProviderError, ProviderRefusal};
use super::hint::hint;
use super::store;
use crate::audit::{Action, Actor, AuditLog, Event};
use crate::batch::Batch;
use crate::clock::Clock;
use crate::database::names::Names;
use crate::database::{DatabaseConnection, StoreError, begin_write, commit};
use crate::encryption::Keyring;
use crate::encryption::columns::{PROVIDERS, Subject};
use crate::encryption::error::KeyringError;
use crate::encryption::sealer::Sealer;
use crate::numbers::counted;

/// The keys of the providers of this installation. Cheap to clone.
#[derive(Clone)]
pub struct Credentials {
    pub(super) db: DatabaseConnection,
    pub(super) clock: Clock,
    pub(super) keyring: Keyring,
    pub(super) audit: AuditLog,
    pub(super) rows: RowKey,
    pub(super) recorded: Arc<Mutex<BTreeSet<String>>>,
    pub(super) lookups: Batch<Lookup, Result<Candidates, StoreError>>,
}

pub(super) struct Sealed {
    pub encrypted_value: Vec<u8>,
    pub key_id: String,
    pub hint: Option<String>,
}

impl Credentials {
    /// The keys in `db`.
    pub fn new(
        db: DatabaseConnection,
        clock: Clock,
        keyring: Keyring,
        audit: AuditLog,
        rows: RowKey,
    ) -> Self {
        let (recorded, lookups) = (Arc::default(), Batch::default());
        Self { db, clock, keyring, audit, rows, recorded, lookups }
    }

    /// Providers by name, each with its models, without their values, and one more than are
    /// asked for if there are more; and how many there are on all pages. `patterns`: the names
    /// that the caller may see, or beginnings of them and `*`; `None`: all.
    pub async fn list(
        &self,
        names: &Names,
        patterns: Option<&[&str]>,
    ) -> Result<(Vec<Provider>, u64), ProviderError> {
        Ok(store::list(&self.db, &self.rows, names, patterns).await?)
    }

    /// Enters the key of a provider or replaces it.
    pub async fn set_provider(
        &self,
        actor: &Actor,
        id: ProviderId,
        input: SetProvider,
    ) -> Result<Provider, ProviderError> {
        let SetProvider { value, base_url, note } = input;
        let (id, now) = (String::from(id), self.clock.now());
        let (sets_base_url, sets_note) = (base_url.is_some(), note.is_some());
        let transaction = begin_write(&self.db).await?;
        // Alone, since the key is sealed for the base URL that is stored, if none was given.
        let sealer = self.keyring.sealer_alone(&transaction).await?;
        let before = store::lock_provider(&transaction, &id).await?;
        let before = before.map(|row| self.unaltered(row, &id)).transpose()?;
        let base_url = match base_url {
            Some(base_url) => base_url.and_then(BaseUrl::into_text),
            None => before.as_ref().and_then(|row| row.base_url.clone()),
        };
        let stored = before.as_ref().and_then(|row| row.base_url.as_deref());
        refuse_other_base_url(actor, stored, base_url.as_deref())?;
        let note = match note {
            Some(note) => note.and_then(Description::into_text),
            None => before.as_ref().and_then(|row| row.note.clone()),
        };
        let (created_by, created_at) = match before {
            Some(row) => (row.created_by, row.created_at),
            None => (Some(actor.as_creator()), now),
        };
        let Sealed { encrypted_value, key_id, hint } =
            seal(sealer, &Subject::provider(&id, base_url.as_deref()), &value)?;
        let mut row = provider::Model {
            id: id.clone(),
            encrypted_value,
            key_id,
            hint,
            base_url,
            note,
            created_by,
            created_at,
            updated_at: now,
            mac: None,
        };
        row.mac = Some(self.rows.sign(&row).to_vec());
        store::put_provider(&transaction, row).await?;
        let stored = store::find(&transaction, &self.rows, &id).await?;
        let stored = stored.ok_or_else(|| ProviderRefusal::NoProvider(id.clone()))?;
        let goes_to = stored.base_url.as_deref();
        let mut detail = vec!["key".to_owned()];
        detail.extend(details(sets_base_url || goes_to.is_some(), goes_to, sets_note));
        let event = actor.did(Action::ProviderSet, Some(id)).with_detail(detail.join(", "));
        self.finish(transaction, event).await?;
        Ok(stored)
    }

    /// Changes base URL or note of a provider that has a key.
    pub async fn update_provider(
        &self,
        actor: &Actor,
        id: ProviderId,
        input: UpdateProvider,
    ) -> Result<Provider, ProviderError> {
        let (id, UpdateProvider { base_url, note }) = (String::from(id), input);
        let not_found = || ProviderRefusal::NoProvider(id.clone());
        let transaction = begin_write(&self.db).await?;
        // Before the row: a rotation locks in this order.
        let sealer = self.keyring.sealer_alone(&transaction).await?;
        let row = store::lock_provider(&transaction, &id).await?.ok_or_else(not_found)?;
        let mut row = self.unaltered(row, &id)?;
        let (sets_base_url, sets_note) = (base_url.is_some(), note.is_some());
        if !sets_base_url && !sets_note {
            return Ok(store::find(&transaction, &self.rows, &id).await?.ok_or_else(not_found)?);
        }
        if let Some(base_url) = base_url {
            let base_url = base_url.and_then(BaseUrl::into_text);
            refuse_other_base_url(actor, row.base_url.as_deref(), base_url.as_deref())?;
            row = self.send_to(&transaction, sealer, row, base_url).await?;
        }
        if let Some(note) = note {
            row.note = note.and_then(Description::into_text);
        }
        row.updated_at = self.clock.now();
        row.mac = Some(self.rows.sign(&row).to_vec());
        store::update_provider(&transaction, row).await?;
        let stored = store::find(&transaction, &self.rows, &id).await?.ok_or_else(not_found)?;
        let changed = details(sets_base_url, stored.base_url.as_deref(), sets_note).join(", ");
        let event = actor.did(Action::ProviderUpdate, Some(id)).with_detail(changed);
        self.finish(transaction, event).await?;
        Ok(stored)
    }

    /// Deletes a provider with the keys of its models.
    pub async fn delete_provider(
        &self,
        actor: &Actor,
        id: ProviderId,
    ) -> Result<(), ProviderError> {
        let id = String::from(id);
        let transaction = begin_write(&self.db).await?;
        // No model is added to it meanwhile, and a rotation counts the rows that it moves.
        self.keyring.hold_alone(&transaction).await?;
        // One that cannot be read is deleted all the same, and what somebody else put there is none.
        let row = store::lock_provider(&transaction, &id).await.ok().flatten();
        let base_url = row.filter(|row| self.rows.is_ours(row)).and_then(|row| row.base_url);
        let deleted = store::delete_provider(&transaction, &id).await?;
        if deleted == 0 {
            return Err(ProviderRefusal::NoProvider(id).into());
        }
        let mut detail = counted(deleted, "key", "keys");
        // Only an administrator can give it that one again.
        if let Some(base_url) = base_url {
            let _ = write!(detail, ", base URL {}", bare(&base_url));
        }
        let event = actor.did(Action::ProviderDelete, Some(id)).with_detail(detail);
        self.finish(transaction, event).await
    }

    pub(super) fn unaltered<R: Authenticated>(&self, row: R, id: &str) -> Result<R, ProviderError> {
        let altered = || ProviderRefusal::Altered(id.to_owned());
        if self.rows.is_ours(&row) { Ok(row) } else { Err(altered().into()) }
    }

    /// The row with another base URL. Its key is sealed for that.
    async fn send_to(
        &self,
        transaction: &DatabaseTransaction,
        sealer: Sealer,
        mut row: provider::Model,
        base_url: Option<String>,
    ) -> Result<provider::Model, ProviderError> {
        if row.base_url == base_url {
            return Ok(row);
        }
        let opened = self.keyring.open(transaction, PROVIDERS, &row.sealed()).await;
        let opened = opened.map_err(|error| match error {
            error if error.is_about_the_server() => ProviderError::from(error),
            reason => ProviderRefusal::Unreadable { target: row.id.clone(), reason }.into(),
        })?;
        let again = sealer.seal(&Subject::provider(&row.id, base_url.as_deref()), &opened);
        row.encrypted_value = again.map_err(KeyringError::from)?;
        (row.key_id, row.base_url) = (sealer.key_id, base_url);
        Ok(row)
    }

    pub(super) async fn finish(
        &self,
        transaction: DatabaseTransaction,
        event: Event,
    ) -> Result<(), ProviderError> {
        self.audit.append(&transaction, event).await?;
        Ok(commit(transaction).await?)
    }
}

/// Where a key is sent is decided by administrators: who changes that gets the key.
fn refuse_other_base_url(
    actor: &Actor,
    stored: Option<&str>,
    wanted: Option<&str>,
) -> Result<(), ProviderRefusal> {
    if stored == wanted || actor.is_admin() { Ok(()) } else { Err(ProviderRefusal::BaseUrl) }
}

pub(super) fn seal(
    sealer: Sealer,
    subject: &Subject<'_>,
    value: &ProviderKey,
) -> Result<Sealed, ProviderError> {
    let encrypted_value = sealer.seal(subject, value.expose().as_bytes());
    Ok(Sealed {
        encrypted_value: encrypted_value.map_err(KeyringError::from)?,
        key_id: sealer.key_id,
        hint: hint(value.expose()),
    })
}

/// A base URL for the audit log: without a query, which may hold a value.
fn bare(base_url: &str) -> &str {
    base_url.split(['?', '#']).next().unwrap_or_default()
}

/// Where the key goes from now on and whether the note is changed, for the audit log.
fn details(names_base_url: bool, base_url: Option<&str>, note: bool) -> Vec<String> {
    let base_url = names_base_url.then(|| format!("base URL: {}", base_url.map_or("none", bare)));
    base_url.into_iter().chain(note.then(|| "note".to_owned())).collect()
}

/// What was asked for, as the audit log names it.
pub fn target(provider: &str, model: Option<&str>) -> String {
    model.map_or_else(|| provider.to_owned(), |model| model_id(provider, model))
}
