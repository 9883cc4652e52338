//! The list of providers as the page holds it, and what may be done to it.
//!
//! Invariant: a value that was typed is in its field and in the request that carries it,
//! until the dialog closes; the server never tells one.

use keyward_api::providers::{
    Explained, ModelCredential, ModelName, Provider, SetModel, SetProvider, UpdateProvider,
};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::clock;
use crate::hub::{Hub, hub};
use crate::load::Load;
use crate::once::memo;
use crate::providers::asked::Asked;
use crate::routes;

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
    /// Whether the list is here.
    pub load: Load,
    /// What the server answered.
    pub list: RwSignal<Vec<Provider>>,
    /// What the person looks for; the address is its only home.
    pub text: Memo<String>,
    /// The names of the providers that are shown, in their order.
    pub visible: Memo<Vec<String>>,
    /// The dialog that is open.
    pub asked: RwSignal<Option<Asked>>,
    /// Where the focus goes when it has no other home.
    pub add_button: NodeRef<html::Button>,
    hub: Hub,
}

impl Providers {
    /// A store that has asked the server for the list.
    pub fn load_from_server() -> Self {
        let list = RwSignal::new(Vec::<Provider>::new());
        let text = routes::query_value("q");
        let visible = memo(move || {
            let (text, list) = (text.read(), list.read());
            list.iter().filter(|one| matches(one, &text)).map(|one| one.provider.clone()).collect()
        });
        let providers = Self {
            load: Load::new(),
            list,
            text,
            visible,
            asked: RwSignal::new(None),
            add_button: NodeRef::new(),
            hub: hub(),
        };
        spawn_local(providers.reload());
        providers
    }

    /// Asks for the list again. One that is shown stays until the answer is here.
    pub async fn reload(self) {
        self.load.begin();
        let answer = self.look().await;
        self.load.end(answer.map(drop));
    }

    /// The list as it is now, which is shown from now on.
    pub async fn look(self) -> Result<Vec<Provider>, ClientError> {
        let list = self.hub.client.providers().await?;
        self.hub.now.set(clock::read());
        self.list.set(list.clone());
        Ok(list)
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
        let client = self.hub.client;
        let exchange = match change {
            Change::Set(set) => client.set_provider(provider, set),
            Change::Update(update) => client.update_provider(provider, update),
            Change::SetModel(model, set) => client.set_model(provider, model.as_str(), set),
            Change::Delete => client.delete_provider(provider),
            Change::DeleteModel(model) => client.delete_model(provider, model),
        };
        exchange.await?.done()?;
        self.hub.toasts.success(done);
        self.reload().await;
        Ok(())
    }

    /// Which key would be used; an empty model means the provider itself.
    pub async fn explain(self, provider: &str, model: &str) -> Result<Explained, ClientError> {
        self.hub.client.explain(provider, model).await
    }
}

/// An id of a model among those of all providers. The name of a provider has no slash, so
/// the first one ends it.
pub fn model_id(provider: &str, model: &str) -> String {
    format!("{provider}/{model}")
}

/// Whether a text is found in a provider or the name of one of its models, whatever its
/// case.
fn matches(provider: &Provider, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let has = |place: &str| place.to_lowercase().contains(&text);
    let details = [&provider.base_url, &provider.note];
    has(&provider.provider)
        || details.into_iter().flatten().any(|detail| has(detail))
        || provider.models.iter().any(|model| has(&model.model))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn text_is_found_in_name_details_and_models_whatever_its_case() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let model = ModelCredential {
            model: "meta/Llama:free".into(),
            hint: None,
            created_at: at,
            updated_at: at,
            created_by: None,
        };
        let provider = Provider {
            provider: "openrouter".into(),
            has_key: true,
            hint: Some("ab12".into()),
            base_url: Some("https://openrouter.example/v1".into()),
            note: Some("of the Newsletter".into()),
            created_at: Some(at),
            updated_at: Some(at),
            created_by: None,
            models: vec![model],
        };
        for text in ["", " ", "ROUTER", "example/v1", "newsletter", "llama:"] {
            assert!(matches(&provider, text), "{text:?}");
        }
        assert!(!matches(&provider, "ab12"));
    }
}
