//! Confirms leaving a key that was shown once and not copied.

use leptos::html;
use leptos::prelude::*;

use crate::components::dialog::{Dialog, close};
use crate::context::context;
use crate::erased::when;

#[component]
pub fn LeaveDialog() -> impl IntoView {
    let guard = context().guard;
    let dialog = NodeRef::<html::Dialog>::new();
    let leave = move |_| {
        let pending = guard.pending.get_untracked();
        close(dialog);
        if let Some(pending) = pending {
            pending.run(());
        }
    };
    when(
        move || guard.pending.read().is_some(),
        move || {
            view! {
            <Dialog title="Leave without the API key?".to_owned() node_ref=dialog on_close=move |()| guard.pending.set(None)>
                <p>"A new API key has not been copied. You won't be able to see it again."</p>
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Stay"</button>
                    <button type="button" class="button button-danger" on:click=leave>"Leave anyway"</button>
                </div>
            </Dialog>
        }
        .into_any()
        },
    )
}
