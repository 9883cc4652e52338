//! Confirms a deletion.

use std::pin::Pin;
use std::sync::Arc;

use leptos::ev::SubmitEvent;
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
    /// Whether the fields say so; it shows why not.
    #[prop(optional)]
    may: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
    /// Fields below the text.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let confirm = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() || may.as_ref().is_some_and(|may| !may()) {
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
            is_busy.try_set(false);
        });
    };
    view! {
        <Dialog title node_ref=dialog on_close>
            <form novalidate on:submit=confirm>
                <FormError error/>
                <p>{text}</p>
                {children.map(|children| children())}
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Cancel"</button>
                    <button
                        class="button button-danger"
                        aria-disabled=move || is_busy.get().then_some("true")
                    >
                        {move || if is_busy.get() { "Deleting..." } else { button }}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
