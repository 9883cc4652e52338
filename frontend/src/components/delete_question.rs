//! The question before something is deleted that cannot be had back.

use std::pin::Pin;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::dialog::{Dialog, close};
use crate::components::problem::FormError;

/// What deletes it, and hands the focus on to what stays.
pub type Deletion =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<(), ClientError>>>> + Send + Sync>;

/// The dialog. It closes when the server has said that it is done.
#[component]
pub fn DeleteQuestion(
    /// Names what is deleted.
    title: String,
    /// What that means for the programs that use it.
    text: String,
    /// What the button says.
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
