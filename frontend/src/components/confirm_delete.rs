//! Confirms a deletion.

use std::pin::Pin;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::dialog::{Dialog, close};
use crate::components::problem::FormError;

/// Deletes, and moves the focus.
pub type Deletion =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), ClientError>>>> + Send + Sync>;

/// Closes when the server has confirmed the deletion.
#[component]
pub fn ConfirmDelete(
    title: String,
    /// What it means for the programs that use it.
    text: String,
    button: &'static str,
    delete: Deletion,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let confirm = move |_| {
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        let deleting = delete();
        spawn_local(async move {
            match deleting.await {
                Ok(()) => close(dialog),
                Err(failure) => error.set(Some(failure.full_message())),
            }
            is_busy.set(false);
        });
    };
    view! {
        <Dialog title node_ref=dialog on_close>
            <FormError error/>
            <p>{text}</p>
            <div class="dialog-buttons">
                <button type="button" class="button" on:click=move |_| close(dialog)>"Cancel"</button>
                <button
                    type="button"
                    class="button button-danger"
                    aria-disabled=move || is_busy.get().then_some("true")
                    on:click=confirm
                >
                    {move || if is_busy.get() { "Deleting..." } else { button }}
                </button>
            </div>
        </Dialog>
    }
}
