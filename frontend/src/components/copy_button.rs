//! A button that copies a text which stands beside it.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::copy::{Text, write_clipboard};

/// How long the button shows the outcome.
const SAYS_SO: Duration = Duration::from_secs(4);

/// `label` names what is copied.
pub fn copy_button(label: String, text: Text) -> AnyView {
    let says = RwSignal::new("Copy");
    let copy = move |_| {
        let text = untrack(|| text());
        spawn_local(async move {
            // Plain http has no clipboard; the person can still select the text.
            let is_copied = write_clipboard(&text).await;
            says.try_set(if is_copied { "Copied" } else { "Select it, then Ctrl+C" });
            set_timeout(move || _ = says.try_set("Copy"), SAYS_SO);
        });
    };
    // What is heard begins with what is seen.
    let named = move || match says.get() {
        "Copy" => label.clone(),
        says => format!("{says}: {label}"),
    };
    view! {
        <button type="button" class="button button-small" aria-label=named on:click=copy>
            <span aria-live="polite">{move || says.get()}</span>
        </button>
    }
    .into_any()
}
