//! The dialog that deletes a provider or the key of one of its models. It says what
//! programs get from then on.

use std::sync::Arc;

use keyward_api::providers::{Provider, model_id};
use leptos::html;
use leptos::prelude::*;

use crate::components::confirm_delete::{ConfirmDelete, Deletion};
use crate::focus::{move_focus, neighbour};
use crate::providers::dialog_request::{DialogRequest, without_model, without_provider};
use crate::providers::provider_card::{add_model_button, delete_button};
use crate::providers::store::{Change, Providers};

/// Of a model, or of the provider itself.
#[component]
pub fn DeleteDialog(
    provider: Provider,
    model: Option<String>,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let providers: Providers = expect_context();
    let request = DialogRequest::Delete(provider.clone(), model.clone());
    let title = request.title();
    let (text, button) = match model {
        Some(_) => (without_model(&provider), "Delete key"),
        None => (without_provider(&provider), "Delete provider"),
    };
    let delete: Deletion = Arc::new(move || {
        let name = provider.provider.clone();
        let done = request.done(model.as_ref().unwrap_or(&name));
        let next = match &model {
            Some(model) => Some(next_after_model(&provider, model)),
            None => neighbour(&providers.pages.ids.read_untracked(), &name)
                .map(|below| delete_button(&below)),
        };
        let change = model.clone().map_or(Change::Delete, Change::DeleteModel);
        Box::pin(async move {
            providers.apply(&name, &change, done).await?;
            move_focus(next, providers.add_button);
            Ok(())
        })
    });
    view! { <ConfirmDelete title text button delete dialog on_close/> }
}

/// The button of another model, or else the one that adds a model.
fn next_after_model(provider: &Provider, model: &str) -> String {
    let name = &provider.provider;
    let all: Vec<_> = provider.models.iter().map(|other| model_id(name, &other.model)).collect();
    match neighbour(&all, &model_id(name, model)) {
        Some(other) => delete_button(&other),
        None => add_model_button(name),
    }
}
