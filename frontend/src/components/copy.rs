//! A text to take away: a field that cannot be changed, and a button that copies it.

use std::sync::Arc;
use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

use crate::erased::effect;

/// How long the button shows the outcome.
const SAYS_SO: Duration = Duration::from_secs(4);

pub type Text = Arc<dyn Fn() -> String + Send + Sync>;

/// `on_copied` runs when the text is in the clipboard, by the button or by the person's own copy
/// command.
#[component]
pub fn CopyField(
    label: &'static str,
    /// The label at first, and the accessible name.
    button: &'static str,
    text: Text,
    #[prop(into)] on_copied: Callback<()>,
    #[prop(optional)] focus: bool,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let trigger = NodeRef::<html::Button>::new();
    let says = RwSignal::new(button);
    let select = move || {
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
            field.select();
        }
    };
    let done = move || {
        says.set("Copied");
        on_copied.run(());
        set_timeout(move || _ = says.try_set(button), SAYS_SO);
    };
    let shown = text.clone();
    let copy = move |_| {
        let text = untrack(|| text());
        spawn_local(async move {
            if write_clipboard(&text).await {
                done();
            } else {
                // The browser refused; the person can copy the selection.
                select();
                says.set("Press Ctrl+C");
            }
        });
    };
    effect(move || {
        if focus && let Some(trigger) = trigger.get() {
            let _ = trigger.focus();
        }
    });
    view! {
        <div class="copy">
            <textarea
                class="copy-text"
                rows="1"
                readonly
                aria-label=label
                autocomplete="off"
                spellcheck="false"
                node_ref=field
                prop:value=move || shown()
                on:click=move |_| select()
                on:copy=move |_| done()
            ></textarea>
            <button type="button" class="button" node_ref=trigger on:click=copy>
                <span aria-live="polite">{move || says.get()}</span>
            </button>
        </div>
    }
}

/// Whether the text is in the clipboard, which plain http does not have.
pub async fn write_clipboard(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}
