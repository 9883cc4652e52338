//! The field for a value: covered like a password, until the person wants to see it.
//!
//! A password field drops line breaks, which would spoil a certificate without a word. So a
//! value of several lines is always edited in the open, in a field that keeps them.

use leptos::prelude::*;

use crate::components::field::{FieldError, unique_id};
use crate::once::{either, memo};

/// The field, its hint and its error.
#[component]
pub fn ValueField(
    value: RwSignal<String>,
    error: RwSignal<Option<String>>,
    hint: &'static str,
) -> impl IntoView {
    let [id, hint_id, error_id] = [(); 3].map(|()| StoredValue::new(unique_id()));
    let wants_to_see = RwSignal::new(false);
    let has_lines = memo(move || value.read().contains('\n'));
    let is_open = memo(move || wants_to_see.get() || has_lines.get());
    let described = move || format!("{} {}", hint_id.get_value(), error_id.get_value());
    let is_wrong = move || error.read().is_some().then_some("true");
    let type_in = move |event| value.set(event_target_value(&event));
    let paste = move |event: web_sys::ClipboardEvent| {
        let pasted = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
        // A line break at the end alone comes from a terminal, and is no part of it.
        if let Some(text) = pasted.filter(|text| is_of_several_lines(text)) {
            event.prevent_default();
            value.set(text.replace("\r\n", "\n"));
            focus_later(id);
        }
    };
    let open = move || {
        view! {
            <textarea
                id=id.get_value()
                class="copy-text"
                rows="3"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-describedby=described
                aria-invalid=is_wrong
                prop:value=move || value.get()
                on:input=type_in
            ></textarea>
        }
        .into_any()
    };
    let covered = move || {
        view! {
            <input
                id=id.get_value()
                type="password"
                name="secret-value"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-describedby=described
                aria-invalid=is_wrong
                prop:value=move || value.get()
                on:input=type_in
                on:paste=paste
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id.get_value()>"Value"</label>
            <div class="value-field">
                {either(is_open, open, covered)}
                <button
                    type="button"
                    class="button"
                    aria-label=move || if is_open.get() { "Hide value" } else { "Show value" }
                    disabled=move || has_lines.get()
                    on:click=move |_| wants_to_see.update(|see| *see = !*see)
                >
                    {move || if is_open.get() { "Hide" } else { "Show" }}
                </button>
            </div>
            <p class="hint" id=hint_id.get_value()>
                {move || if has_lines.get() { "A value of several lines stays visible while you edit it." } else { hint }}
            </p>
            <FieldError id=error_id.get_value() error/>
        </div>
    }
}

fn is_of_several_lines(text: &str) -> bool {
    text.trim_end_matches(['\r', '\n']).contains(['\r', '\n'])
}

/// The focus stays in the field when it becomes another kind of field.
fn focus_later(id: StoredValue<String>) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast as _;
        let field = id.try_get_value().and_then(|id| document().get_element_by_id(&id));
        crate::once::focus(field.and_then(|field| field.dyn_into().ok()).as_ref());
    });
}

#[cfg(test)]
mod tests {
    use super::is_of_several_lines;

    #[test]
    fn a_line_break_at_the_end_makes_no_second_line() {
        for one in ["", "a", "a\n", "a\r\n\n"] {
            assert!(!is_of_several_lines(one), "{one:?}");
        }
        for several in ["a\nb", "-----BEGIN\r\nx\r\n", "\na"] {
            assert!(is_of_several_lines(several), "{several:?}");
        }
    }
}
