//! The field for a value: covered like a password, until the person wants to see it.
//!
//! A password field drops line breaks, which would spoil a certificate silently. So a
//! value of several lines is always edited in the open, in a field that keeps them. Even that
//! field makes LF of each CR LF once it is edited; what was pasted and left alone is sent as it
//! was. What will be kept is said below the field to the byte.

use leptos::prelude::*;

use crate::components::field::FieldError;
use crate::erased::{either, memo};
use crate::ids::unique_id;
use crate::text::grouped;

/// `kept` answers the part of the text that is stored.
#[component]
pub fn ValueField(
    value: RwSignal<String>,
    error: RwSignal<Option<String>>,
    hint: &'static str,
    #[prop(default = |text| text)] kept: fn(&str) -> &str,
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
        // A single line break at the end comes from a terminal and is not part of the value.
        if let Some(text) = pasted.filter(|text| is_of_several_lines(text)) {
            event.prevent_default();
            value.set(text);
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
            <p class="hint">{move || will_be_kept(kept(&value.read()))}</p>
            <FieldError id=error_id.get_value() error/>
        </div>
    }
}

fn will_be_kept(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("To be stored: {}.", measured(text)) }
}

/// `27 bytes, 3 lines, CR LF line ends, a line break at the end`.
pub fn measured(text: &str) -> String {
    let bytes = text.len() as u64;
    let mut parts = vec![format!("{} byte{}", grouped(bytes), if bytes == 1 { "" } else { "s" })];
    if is_of_several_lines(text) {
        let lines =
            text.trim_end_matches(['\r', '\n']).replace("\r\n", "\n").split(['\r', '\n']).count()
                as u64;
        parts.push(format!("{} lines", grouped(lines)));
    }
    let facts = [
        (text.contains("\r\n"), "CR LF line ends"),
        (text.ends_with('\n'), "a line break at the end"),
        (text.starts_with(' '), "a space at the beginning"),
        (text.ends_with(' '), "a space at the end"),
    ];
    parts.extend(facts.into_iter().filter(|(holds, _)| *holds).map(|(_, says)| says.to_owned()));
    parts.join(", ")
}

fn is_of_several_lines(text: &str) -> bool {
    text.trim_end_matches(['\r', '\n']).contains(['\r', '\n'])
}

/// Returns the focus when the field is covered or opened.
fn focus_later(id: StoredValue<String>) {
    request_animation_frame(move || {
        use wasm_bindgen::JsCast as _;
        let field = id.try_get_value().and_then(|id| document().get_element_by_id(&id));
        crate::focus::focus(field.and_then(|field| field.dyn_into().ok()).as_ref());
    });
}

#[cfg(test)]
mod tests {
    use super::{is_of_several_lines, measured};

    #[test]
    fn a_value_is_measured_to_the_byte() {
        for (text, says) in [
            ("x", "1 byte"),
            ("\u{e4}\u{20ac}", "5 bytes"),
            ("a\nb", "3 bytes, 2 lines"),
            ("a\rb\r\nc", "6 bytes, 3 lines, CR LF line ends"),
            ("a\r\nb\r\n", "6 bytes, 2 lines, CR LF line ends, a line break at the end"),
            (" a ", "3 bytes, a space at the beginning, a space at the end"),
            (&"x".repeat(65_536), "65\u{a0}536 bytes"),
        ] {
            assert_eq!(measured(text), says);
        }
    }

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
