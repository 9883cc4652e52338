//! The page of providers that is shown, and what may be done to them.
//!
//! Invariant: a value that was typed is in its field and in the request that carries it,
//! until the dialog closes; the server never returns one.

use keyward_api::paths;
use keyward_api::providers::{
    Explained, ModelCredential, ModelName, Provider, SetModel, SetProvider, UpdateProvider,
};
use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::context::{Context, context};
use crate::lists::listing::{Listing, verbatim};
use crate::lists::store::Pages;
use crate::providers::dialog_request::DialogRequest;
use crate::routes;

pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "providers",
    api: paths::PROVIDERS,
    limit: 100,
    fields: &["q"],
    query_part: verbatim,
    one: "provider",
    many: "providers",
    name: "Providers",
    finds_prefix: false,
};

/// A change that the server makes to a provider.
pub enum Change {
    Set(SetProvider),
    Update(UpdateProvider),
    SetModel(ModelName, SetModel),
    Delete,
    DeleteModel(String),
}

#[derive(Clone, Copy)]
pub struct Providers {
    pub pages: Pages,
    pub list: RwSignal<Vec<Provider>>,
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Takes the focus when its element goes and no card is left.
    pub add_button: NodeRef<html::Button>,
    context: Context,
}

impl Providers {
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<Provider>::new());
        Self {
            pages: Pages::follow(&LISTING, list, |provider| provider.provider.clone()),
            list,
            dialog_request: RwSignal::new(None),
            add_button: NodeRef::new(),
            context: context(),
        }
    }

    /// The provider as it is now, on any page of the list.
    pub async fn look(self, name: &str) -> Result<Option<Provider>, ClientError> {
        let found: Vec<Provider> = self.pages.find(name).await?;
        Ok(found.into_iter().find(|provider| provider.provider == name))
    }

    /// A card that is about to go may read a provider that is gone.
    pub fn get(self, provider: &str) -> Option<Provider> {
        self.list.read().iter().find(|one| one.provider == provider).cloned()
    }

    /// `id` is `provider/model`.
    pub fn model(self, id: &str) -> Option<(Provider, ModelCredential)> {
        let (provider, name) = id.split_once('/')?;
        let provider = self.get(provider)?;
        let model = provider.models.iter().find(|model| model.model == name)?.clone();
        Some((provider, model))
    }

    /// Changes a provider, says `done`, and fetches the list.
    pub async fn apply(
        self,
        provider: &str,
        change: &Change,
        done: String,
    ) -> Result<(), ClientError> {
        let client = self.context.client;
        let exchange = match change {
            Change::Set(set) => client.set_provider(provider, set),
            Change::Update(update) => client.update_provider(provider, update),
            Change::SetModel(model, set) => client.set_model(provider, model.as_str(), set),
            Change::Delete => client.delete_provider(provider),
            Change::DeleteModel(model) => client.delete_model(provider, model),
        };
        exchange.await?.done()?;
        self.context.toasts.success(done);
        self.pages.fetch().await;
        Ok(())
    }

    /// Brings a new provider into view.
    pub fn show(self, name: &str) {
        let is_new = |list: &Vec<Provider>| list.iter().any(|one| one.provider == name);
        self.pages.show(name, self.list.try_with_untracked(is_new));
    }

    pub async fn explain(self, provider: &str, model: &str) -> Result<Explained, ClientError> {
        self.context.client.explain(provider, model).await
    }
}
