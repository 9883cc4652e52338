//! Confirms leaving a value that was shown once and not copied.

use leptos::html;
use leptos::prelude::*;

use crate::components::dialog::{Dialog, close};
use crate::context::context;
use crate::erased::when;
use crate::one_time::Kind;

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
            let [title, text] = words(guard.one_time.at_risk().unwrap_or(Kind::ApiKey));
            view! {
                <Dialog title=title.to_owned() node_ref=dialog on_close=move |()| guard.pending.set(None)>
                    <p>{text}</p>
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

/// The title, and what is at risk.
const fn words(kind: Kind) -> [&'static str; 2] {
    match kind {
        Kind::ApiKey => [
            "Leave without the API key?",
            "A new API key has not been copied. You won't be able to see it again.",
        ],
        Kind::Invitation => [
            "Leave without the invitation link?",
            "A new invitation link has not been copied. You won't be able to see it again.",
        ],
        Kind::RecoveryCodes => [
            "Leave without the recovery codes?",
            "The new recovery codes have not been copied. You won't be able to see them again.",
        ],
    }
}
