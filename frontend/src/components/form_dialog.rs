//! The frame of every dialog with a form.

use std::pin::Pin;
use std::sync::Arc;

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dialog::{Dialog, close};
use crate::components::problem::FormError;

/// Sends the form; whether the dialog is done.
pub type Save = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = bool>>> + Send + Sync>;

/// The label of the button, at rest and while it waits.
pub const SAVE: [&str; 2] = ["Save", "Saving..."];

/// Stays open with its errors until it is done or cancelled.
#[component]
pub fn FormDialog(
    title: String,
    #[prop(default = SAVE)] button: [&'static str; 2],
    /// About no field in particular.
    error: RwSignal<Option<String>>,
    save: Save,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        // The guard against a second request: the button is disabled only once it is drawn again.
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let saving = save();
        spawn_local(async move {
            if saving.await {
                close(dialog);
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <Dialog title node_ref=dialog on_close>
            <form novalidate on:submit=submit>
                <FormError error/>
                {children()}
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Cancel"</button>
                    <button class="button button-primary" aria-disabled=move || is_busy.get().then_some("true")>
                        {move || button[usize::from(is_busy.get())]}
                    </button>
                </div>
            </form>
        </Dialog>
    }
}
