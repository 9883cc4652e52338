//! What the dialogs that change a key have in common.

use std::sync::Arc;

use keyward_api::keys::ApiKey;
use leptos::html;
use leptos::prelude::*;

use crate::client::{Client, ClientError};
use crate::components::form_dialog::{FormDialog, Save};
use crate::http::{Answer, Body, Exchange};
use crate::keys::store::Keys;

/// What is unlike between one such dialog and another.
pub struct Edit {
    /// Names the key.
    pub title: String,
    /// What the button says, and what it says while the answer is awaited.
    pub says: [&'static str; 2],
    /// What can be filled in.
    pub fields: AnyView,
    /// The request, unless something is wrong, which is then shown. All fields are looked at,
    /// so that all mistakes show.
    pub ask: Arc<dyn Fn() -> Option<Exchange> + Send + Sync>,
    /// Takes in the answer.
    pub take: fn(Keys, Body) -> Answer<()>,
    /// Shows a refusal at the field it is about, and answers whether there is one. The dialog
    /// may be gone meanwhile, so that nothing may be read from it.
    pub place: Arc<dyn Fn(&ClientError) -> bool + Send + Sync>,
}

/// A key, and what a dialog is about to change about it.
#[derive(Clone)]
pub struct Editing {
    /// The key as it was when the dialog was opened.
    pub key: ApiKey,
    /// Makes the dialog.
    pub what: fn(Client, ApiKey) -> Edit,
}

/// The dialog.
#[component]
pub fn EditDialog(
    editing: Editing,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let edit = (editing.what)(keys.client(), editing.key);
    let Edit { title, says, fields, ask, take, place } = edit;
    let error = RwSignal::new(None);
    let save: Save = Arc::new(move || {
        let (ask, place) = (ask.clone(), place.clone());
        Box::pin(async move {
            error.set(None);
            let Some(exchange) = ask() else { return false };
            let answer = exchange.await.and_then(|body| take(keys, body));
            if let Err(failure) = &answer
                && !place(failure)
            {
                error.set(Some(failure.full_message()));
            }
            answer.is_ok()
        })
    });
    view! { <FormDialog title says error save dialog on_close>{fields}</FormDialog> }
}
