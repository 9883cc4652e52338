//! A native modal dialog.

use leptos::html;
use leptos::prelude::*;

use crate::erased::effect;
use crate::ids::unique_id;

/// A modal dialog that is open as long as it is mounted. Close it with [`close`] and unmount it in
/// `on_close`, not before: a dialog that closes itself returns the focus to where it came from.
#[component]
pub fn Dialog(
    title: String,
    node_ref: NodeRef<html::Dialog>,
    #[prop(into)] on_close: Callback<()>,
    children: Children,
) -> impl IntoView {
    let id = unique_id();
    let labelled_by = id.clone();
    effect(move || {
        if let Some(dialog) = node_ref.get()
            && !dialog.open()
        {
            // Fails only for a dialog that is not in the page.
            let _ = dialog.show_modal();
        }
    });
    view! {
        <dialog class="dialog" aria-labelledby=labelled_by node_ref=node_ref on:close=move |_| on_close.run(())>
            <h2 id=id>{title}</h2>
            {children()}
        </dialog>
    }
}

/// `on_close` follows.
pub fn close(dialog: NodeRef<html::Dialog>) {
    // The page may be gone when a request ends.
    if let Some(dialog) = dialog.try_get_untracked().flatten() {
        dialog.close();
    }
}
