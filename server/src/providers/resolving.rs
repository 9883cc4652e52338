//! Which stored key is used for a provider and a model, and handing it out.

use std::sync::PoisonError;

use futures_util::future::BoxFuture;
use keyward_api::Sensitive;
use keyward_api::providers::{Explained, ModelName, ProviderId, Resolved, Source};

use super::candidates::{self, Candidate, Candidates, Lookup};
use super::credentials::{Credentials, target};
use super::error::{ProviderError, ProviderRefusal};
use super::resolve::{reason, resolve};
use crate::audit::{Action, Actor};
use crate::background::with_timeout;
use crate::database::StoreError;
use crate::encryption::columns::{MODELS, PROVIDERS, SealedRow};
use crate::encryption::error::KeyringError;

/// Whose key it is, the key, where the provider is reached, and what tells so when that is
/// another row.
type Chosen = (Source, Candidate, Option<String>, Option<SealedRow>);

impl Credentials {
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
                let found = with_timeout(candidates::candidates(&db, &rows, &lookups)).await;
                found.unwrap_or_else(|error| vec![Err(error); lookups.len()])
            })
        };
        let stopped = || Err(StoreError::unanswered("the lookup"));
        self.lookups.run(lookup, query).await.unwrap_or_else(stopped)
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
}
