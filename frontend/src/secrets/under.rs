//! What stands beneath a secret for a while: its value, or why that was not revealed.

use leptos::html;
use leptos::prelude::*;

use crate::components::problem::failure;
use crate::components::value_field::measured;
use crate::erased::{live, memo};
use crate::secrets::store::Secrets;

/// A row of its own, while there is something to say.
pub fn under(secrets: Secrets, id: StoredValue<String>, key: Memo<String>) -> AnyView {
    let is_shown = memo(move || secrets.value(&id.read_value()).is_some());
    let refusal = memo(move || secrets.refusal(&id.read_value()));
    live(move || {
        let content = match (is_shown.get(), refusal.get()) {
            (true, _) => value(secrets, id, key),
            (false, Some(text)) => refused(secrets, text),
            (false, None) => return ().into_any(),
        };
        view! {
            <tr role="row" class="under"><td role="cell" colspan="4">{content}</td></tr>
        }
        .into_any()
    })
}

fn value(secrets: Secrets, id: StoredValue<String>, key: Memo<String>) -> AnyView {
    let field = NodeRef::<html::Textarea>::new();
    if untrack(|| secrets.is_for_copy()) {
        // In the next frame: an arriving value drops the selection.
        request_animation_frame(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                let _ = field.focus();
                field.select();
            }
        });
    }
    let measure = move || {
        let value = secrets.value(&id.read_value()).unwrap_or_default();
        // A text field turns CR LF into LF, also in what is copied from it.
        let is_changed = value.contains('\r');
        let copy = if is_changed { " Copy keeps the line ends; this field does not." } else { "" };
        format!("{}.{copy}", measured(&value))
    };
    view! {
        <textarea
            class="copy-text secret-value"
            rows="1"
            readonly
            aria-label=move || format!("Value of {}", key.get())
            autocomplete="off"
            spellcheck="false"
            node_ref=field
            prop:value=move || secrets.value(&id.read_value()).unwrap_or_default()
        ></textarea>
        <p class="meta">{measure} " Hidden after 60 seconds, or when you leave this tab."</p>
    }
    .into_any()
}

fn refused(secrets: Secrets, text: String) -> AnyView {
    view! {
        <div class="form-error" role="alert">
            {failure(&text)}
            <button
                type="button"
                class="button button-quiet button-small"
                on:click=move |_| secrets.refused.set(None)
            >
                "Close"
            </button>
        </div>
    }
    .into_any()
}
