//! What the dialogs that change a key have in common.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::form_dialog::{FormDialog, Save};
use crate::http::{Answer, Body, Exchange};
use crate::keys::store::Keys;

/// What is unlike between one such dialog and another.
pub struct Edit {
    /// Names the key.
    pub title: String,
    /// What the button says, and what it says while the answer is awaited.
    pub button: [&'static str; 2],
    /// What can be filled in.
    pub fields: AnyView,
    /// The request, unless something is wrong, which is then shown. All fields are looked at,
    /// so that all mistakes show.
    pub send: Arc<dyn Fn() -> Option<Exchange> + Send + Sync>,
    /// Takes in the answer.
    pub take_answer: fn(Keys, Body) -> Answer<()>,
    /// Shows a refusal at the field it is about, and answers whether there is one. The dialog
    /// may be gone meanwhile, so that nothing may be read from it.
    pub show_refusal: Arc<dyn Fn(&ClientError) -> bool + Send + Sync>,
}

/// The dialog.
#[component]
pub fn EditDialog(
    edit: Edit,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let Edit { title, button, fields, send, take_answer, show_refusal } = edit;
    let error = RwSignal::new(None);
    let save: Save = Arc::new(move || {
        let (send, show_refusal) = (send.clone(), show_refusal.clone());
        Box::pin(async move {
            error.set(None);
            let Some(exchange) = send() else { return false };
            let answer = exchange.await.and_then(|body| take_answer(keys, body));
            if let Err(failure) = &answer
                && !show_refusal(failure)
            {
                error.set(Some(failure.full_message()));
            }
            answer.is_ok()
        })
    });
    view! { <FormDialog title button error save dialog on_close>{fields}</FormDialog> }
}
