//! A text to take away: a field that cannot be changed, and a button that copies it.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen_futures::JsFuture;

/// How long the button says what became of it.
const SAYS_SO: Duration = Duration::from_secs(4);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Offered,
    Copied,
    /// The browser refused; the text is selected for the person to copy.
    Selected,
}

/// The field and its button. `on_copied` runs when the text is known to be in the
/// clipboard, by the button or by the person's own copy command.
#[component]
pub fn CopyField(
    label: &'static str,
    /// What the button says at first, and its accessible name.
    button: &'static str,
    text: Signal<String>,
    #[prop(into)] on_copied: Callback<()>,
    #[prop(optional)] focus: bool,
) -> impl IntoView {
    let field = NodeRef::<html::Textarea>::new();
    let trigger = NodeRef::<html::Button>::new();
    let state = RwSignal::new(Outcome::Offered);
    let says = move || match state.get() {
        Outcome::Offered => button,
        Outcome::Copied => "Copied",
        Outcome::Selected => "Press Ctrl+C",
    };
    let select = move || {
        if let Some(field) = field.get_untracked() {
            let _ = field.focus();
            field.select();
        }
    };
    let done = move || {
        state.set(Outcome::Copied);
        on_copied.run(());
        set_timeout(move || _ = state.try_set(Outcome::Offered), SAYS_SO);
    };
    let copy = move |_| {
        spawn_local(async move {
            if write_clipboard(&text.get_untracked()).await {
                done();
            } else {
                select();
                state.set(Outcome::Selected);
            }
        });
    };
    Effect::new(move |_| {
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
                prop:value=move || text.get()
                on:click=move |_| select()
                on:copy=move |_| done()
            ></textarea>
            <button type="button" class="button" node_ref=trigger on:click=copy>
                <span aria-live="polite">{says}</span>
            </button>
        </div>
    }
}

/// Whether the text is in the clipboard. On plain http there is no clipboard to ask.
async fn write_clipboard(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}
