//! What the dialogs that change a key have in common.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::form_dialog::{FormDialog, Save};
use crate::http::{Answer, Body, Exchange};
use crate::keys::store::Keys;

/// What differs between these dialogs.
pub struct Edit {
    pub title: String,
    /// See [`crate::components::form_dialog::SAVE`].
    pub button: [&'static str; 2],
    pub fields: AnyView,
    /// The request; `None` after the errors are shown. Checks every field, so that all errors show.
    pub send: Arc<dyn Fn() -> Option<Exchange> + Send + Sync>,
    /// Stores the answer.
    pub take_answer: fn(Keys, Body) -> Answer<()>,
    /// Shows a refusal at its field; whether it has one. Reads no signal, since the dialog may be
    /// gone.
    pub show_refusal: Arc<dyn Fn(&ClientError) -> bool + Send + Sync>,
}

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
