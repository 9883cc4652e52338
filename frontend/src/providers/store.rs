//! The page of providers that is shown, and what may be done to them.
//!
//! Invariant: a value that was typed is in its field and in the request that carries it,
//! until the dialog closes; the server never tells one.

use keyward_api::paths;
use keyward_api::providers::{
    Explained, ModelCredential, ModelName, Provider, SetModel, SetProvider, UpdateProvider,
};
use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::context::{Context, context};
use crate::pages::listing::{Listing, as_it_is};
use crate::pages::store::Pages;
use crate::providers::dialog_request::DialogRequest;
use crate::routes;

/// The list of providers.
pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "providers",
    api: paths::PROVIDERS,
    limit: 100,
    fields: &["q"],
    ask: as_it_is,
    one: "provider",
    many: "providers",
    name: "Providers",
};

/// What the server is told to do to a provider.
pub enum Change {
    /// To keep this key.
    Set(SetProvider),
    /// To keep these details.
    Update(UpdateProvider),
    /// To keep this key for a model.
    SetModel(ModelName, SetModel),
    /// To delete all of it.
    Delete,
    /// To delete the key of a model.
    DeleteModel(String),
}

/// The providers of the section.
#[derive(Clone, Copy)]
pub struct Providers {
    /// Which providers are shown.
    pub pages: Pages,
    /// What the server answered.
    pub list: RwSignal<Vec<Provider>>,
    /// The dialog that is open.
    pub dialog_request: RwSignal<Option<DialogRequest>>,
    /// Where the focus goes when it has no other home.
    pub add_button: NodeRef<html::Button>,
    context: Context,
}

impl Providers {
    /// A store that follows the address.
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

    /// A provider as it is now, on whichever page it is.
    pub async fn look(self, name: &str) -> Result<Option<Provider>, ClientError> {
        let found: Vec<Provider> = self.pages.find(name).await?;
        Ok(found.into_iter().find(|provider| provider.provider == name))
    }

    /// One provider. A card that is about to go may ask for one that is not in the list.
    pub fn get(self, provider: &str) -> Option<Provider> {
        self.list.read().iter().find(|one| one.provider == provider).cloned()
    }

    /// The model of an id, and whose it is.
    pub fn model(self, id: &str) -> Option<(Provider, ModelCredential)> {
        let (provider, name) = id.split_once('/')?;
        let provider = self.get(provider)?;
        let model = provider.models.iter().find(|model| model.model == name)?.clone();
        Some((provider, model))
    }

    /// Changes a provider, says what was done, and shows what has become of the list.
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

    /// Shows a provider that is new.
    pub fn show(self, name: &str) {
        let is_new = |list: &Vec<Provider>| list.iter().any(|one| one.provider == name);
        self.pages.show(name, self.list.try_with_untracked(is_new));
    }

    /// Which key would be used; an empty model means the provider itself.
    pub async fn explain(self, provider: &str, model: &str) -> Result<Explained, ClientError> {
        self.context.client.explain(provider, model).await
    }
}
