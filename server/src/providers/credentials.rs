//! What can be done with the keys of providers. Each change is one transaction with its
//! audit event; a key leaves only after the event that says who got it is stored.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use keyward_api::Sensitive;
use keyward_api::providers::{
    BaseUrl, Explained, ModelCredential, ModelName, Provider, ProviderId, ProviderKey, Resolved,
    SetModel, SetProvider, Source, UpdateProvider, model_id,
};
use keyward_api::secrets::Description;
use keyward_core::row::{Authenticated, RowKey};
use sea_orm::DatabaseTransaction;

use super::entity::{model, provider};
use super::error::{ProviderError, ProviderRefusal};
use super::hint::hint;
use super::resolve::{reason, resolve};
use super::store::{self, Candidate, Candidates, Lookup};
use crate::audit::{Action, Actor, AuditLog, Event};
use crate::background::with_timeout;
use crate::batch::Batch;
use crate::clock::Clock;
use crate::database::names::Names;
use crate::database::{DatabaseConnection, StoreError, begin_write};
use crate::encryption::Keyring;
use crate::encryption::columns::{MODELS, PROVIDERS, SealedRow, Subject};
use crate::encryption::error::KeyringError;
use crate::encryption::sealer::Sealer;

/// The keys of the providers of this installation. Cheap to clone.
#[derive(Clone)]
pub struct Credentials {
    db: DatabaseConnection,
    clock: Clock,
    keyring: Keyring,
    audit: AuditLog,
    rows: RowKey,
    recorded: Arc<Mutex<BTreeSet<String>>>,
    lookups: Batch<Lookup, Result<Candidates, StoreError>>,
}

/// Whose key it is, the key, where the provider is reached, and what tells so when that is
/// another row.
type Chosen = (Source, Candidate, Option<String>, Option<SealedRow>);

struct Sealed {
    encrypted_value: Vec<u8>,
    key_id: String,
    hint: Option<String>,
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
        let note = match note {
            Some(note) => note.and_then(Description::into_text),
            None => before.as_ref().and_then(|row| row.note.clone()),
        };
        let (created_by, created_at) = match before {
            Some(row) => (row.created_by, row.created_at),
            None => (Some(actor.name.clone()), now),
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
        let deleted = store::delete_provider(&transaction, &id).await?;
        if deleted == 0 {
            return Err(ProviderRefusal::NoProvider(id).into());
        }
        let keys = if deleted == 1 { "1 key".to_owned() } else { format!("{deleted} keys") };
        let event = actor.did(Action::ProviderDelete, Some(id)).with_detail(keys);
        self.finish(transaction, event).await
    }

    /// Enters the key of a model or replaces it. Its provider need not have one.
    pub async fn set_model(
        &self,
        actor: &Actor,
        provider: ProviderId,
        model: ModelName,
        input: SetModel,
    ) -> Result<ModelCredential, ProviderError> {
        let (provider, model) = (String::from(provider), String::from(model));
        let (id, now) = (model_id(&provider, &model), self.clock.now());
        let transaction = begin_write(&self.db).await?;
        // Alone, since who entered it first, and when, stays and is under the mac.
        let sealer = self.keyring.sealer_alone(&transaction).await?;
        let before = store::lock_model(&transaction, &id).await?;
        let before = before.map(|row| self.unaltered(row, &id)).transpose()?;
        let (created_by, created_at) = match before {
            Some(row) => (row.created_by, row.created_at),
            None => (Some(actor.name.clone()), now),
        };
        let Sealed { encrypted_value, key_id, hint } =
            seal(sealer, &Subject::model(&id, &provider, &model), &input.value)?;
        let mut row = model::Model {
            id: id.clone(),
            provider: provider.clone(),
            model: model.clone(),
            encrypted_value,
            key_id,
            hint,
            created_by,
            created_at,
            updated_at: now,
            mac: None,
        };
        row.mac = Some(self.rows.sign(&row).to_vec());
        store::put_model(&transaction, row).await?;
        let stored = store::find_model(&transaction, &self.rows, &provider, &model).await?;
        let stored = stored.ok_or(ProviderRefusal::NoModel { provider, model })?;
        let event = actor.did(Action::ProviderSet, Some(id)).with_detail("key");
        self.finish(transaction, event).await?;
        Ok(stored)
    }

    /// Deletes the key of a model: the key of its provider is used from now on.
    pub async fn delete_model(
        &self,
        actor: &Actor,
        provider: ProviderId,
        model: ModelName,
    ) -> Result<(), ProviderError> {
        let (provider, model) = (String::from(provider), String::from(model));
        let transaction = begin_write(&self.db).await?;
        self.keyring.hold(&transaction).await?;
        if store::delete_model(&transaction, &provider, &model).await? != 1 {
            return Err(ProviderRefusal::NoModel { provider, model }.into());
        }
        let target = model_id(&provider, &model);
        self.finish(transaction, actor.did(Action::ProviderDelete, Some(target))).await
    }

    /// The key to use for a model of a provider, or for the provider when no model is named.
    /// One that does not open is an error, and never a reason to use another.
    pub async fn resolve(
        &self,
        actor: &Actor,
        provider: ProviderId,
        model: Option<ModelName>,
    ) -> Result<Resolved, ProviderError> {
        let (provider, model) = (String::from(provider), model.map(String::from));
        let (mut chosen, mut value) = self.open_chosen(&provider, model.as_deref()).await?;
        if value.as_ref().is_err_and(KeyringError::may_have_moved) {
            (chosen, value) = self.open_chosen(&provider, model.as_deref()).await?;
        }
        let (source, Candidate { sealed, .. }, base_url, _) = chosen;
        let value = value.map_err(|error| match error {
            error if error.is_about_the_server() => ProviderError::from(error),
            reason => ProviderRefusal::Unreadable { target: sealed.label, reason }.into(),
        })?;
        let event = actor.did(Action::ProviderResolve, Some(target(&provider, model.as_deref())));
        let event = event.with_detail(format!("the key of the {}", source.as_str()));
        self.audit.record(&self.db, event).await?;
        Ok(Resolved { provider, model, value, source, base_url })
    }

    /// Which key [`resolve`](Self::resolve) would give out, and why.
    pub async fn explain(
        &self,
        provider: ProviderId,
        model: Option<ModelName>,
    ) -> Result<Explained, ProviderError> {
        let (provider, model) = (String::from(provider), model.map(String::from));
        let (source, chosen, ..) = self.choose(&provider, model.as_deref()).await?;
        let reason = reason(&provider, model.as_deref(), source);
        Ok(Explained { provider, model, source, reason, hint: chosen.hint })
    }

    async fn open_chosen(
        &self,
        provider: &str,
        model: Option<&str>,
    ) -> Result<(Chosen, Result<Sensitive, KeyringError>), ProviderError> {
        let chosen = self.choose(provider, model).await?;
        let column = match chosen.0 {
            Source::Model => MODELS,
            Source::Provider => PROVIDERS,
        };
        let value = self.keyring.open_text(&self.db, column, &chosen.1.sealed).await;
        // Whose base URL is used must open too: it is sealed for that address, and one of an
        // earlier data key was put back.
        if let (Ok(_), Some(provider)) = (&value, &chosen.3) {
            let opened = self.keyring.open(&self.db, PROVIDERS, provider).await;
            return Ok((chosen, opened.and(value)));
        }
        Ok((chosen, value))
    }

    async fn choose(&self, provider: &str, model: Option<&str>) -> Result<Chosen, ProviderError> {
        let Candidates { model: of_model, provider: own, base_url, altered } =
            self.look_up(provider, model).await?;
        if let Some(id) = altered {
            return Err(self.altered(id).await?);
        }
        let none = || ProviderRefusal::None {
            provider: provider.to_owned(),
            model: model.map(str::to_owned),
        };
        let tells = own.as_ref().filter(|_| of_model.is_some()).map(|own| own.sealed.clone());
        let (source, chosen) = resolve(of_model, own).ok_or_else(none)?;
        Ok((source, chosen, base_url, tells))
    }

    /// Shares the query with others who ask at the time.
    async fn look_up(&self, provider: &str, model: Option<&str>) -> Result<Candidates, StoreError> {
        let lookup = Lookup { provider: provider.to_owned(), model: model.map(str::to_owned) };
        let (db, rows) = (self.db.clone(), self.rows.clone());
        let query = move |lookups: Vec<Lookup>| -> BoxFuture<'static, Vec<_>> {
            let (db, rows) = (db.clone(), rows.clone());
            Box::pin(async move {
                let found = with_timeout(store::candidates(&db, &rows, &lookups)).await;
                found.unwrap_or_else(|error| vec![Err(error); lookups.len()])
            })
        };
        let stopped = || Err(StoreError::unanswered("the lookup"));
        self.lookups.run(lookup, query).await.unwrap_or_else(stopped)
    }

    fn unaltered<R: Authenticated>(&self, row: R, id: &str) -> Result<R, ProviderError> {
        let altered = || ProviderRefusal::Altered(id.to_owned());
        if self.rows.is_ours(&row) { Ok(row) } else { Err(altered().into()) }
    }

    /// That the row with this id was changed from outside: recorded when it is found first.
    async fn altered(&self, id: String) -> Result<ProviderError, ProviderError> {
        let recorded = || self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = recorded().insert(id.clone());
        if is_new {
            let target = format!("the provider row {id}");
            let event = Actor::system().did(Action::StoreAltered, Some(target));
            if let Err(error) = self.audit.record_all(&self.db, vec![event]).await {
                recorded().remove(&id);
                return Err(error.into());
            }
        }
        Ok(ProviderRefusal::Altered(id).into())
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

    async fn finish(
        &self,
        transaction: DatabaseTransaction,
        event: Event,
    ) -> Result<(), ProviderError> {
        self.audit.append(&transaction, event).await?;
        Ok(transaction.commit().await?)
    }
}

fn seal(
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

/// Where the key goes from now on and whether the note is changed, for the audit log. Without
/// a query, which may hold a value.
fn details(names_base_url: bool, base_url: Option<&str>, note: bool) -> Vec<String> {
    let bare = base_url.and_then(|url| url.split(['?', '#']).next()).unwrap_or("none");
    let base_url = names_base_url.then(|| format!("base URL: {bare}"));
    base_url.into_iter().chain(note.then(|| "note".to_owned())).collect()
}

/// What was asked for, as the audit log names it.
pub fn target(provider: &str, model: Option<&str>) -> String {
    model.map_or_else(|| provider.to_owned(), |model| model_id(provider, model))
}
