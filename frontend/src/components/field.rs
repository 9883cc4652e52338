//! A text field with its label, its hint and its error.

use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::ids::unique_id;

#[derive(Clone, Copy, Debug, Default)]
pub struct Input {
    /// The `type`; empty means `text`, [`LINES`] a field of several lines, `number` a text of
    /// digits: a number field of the browser does not report what it cannot parse.
    pub html_type: &'static str,
    /// Password managers go by it.
    pub name: &'static str,
    /// Empty means `off`.
    pub autocomplete: &'static str,
    pub placeholder: &'static str,
    /// A line below the label; empty for none.
    pub hint: &'static str,
}

/// A field that keeps line breaks.
pub const LINES: &str = "lines";

#[derive(Clone, Copy)]
pub struct Typed {
    pub text: RwSignal<String>,
    pub error: RwSignal<Option<String>>,
}

impl Typed {
    /// A field with this text at first.
    pub fn of(text: String) -> Self {
        Self { text: RwSignal::new(text), error: RwSignal::new(None) }
    }

    /// Parses the text as the server will, and shows the error.
    pub fn check<T, E: std::fmt::Display>(self, read: fn(String) -> Result<T, E>) -> Option<T> {
        let read = read(self.text.get_untracked());
        self.error.set(read.as_ref().err().map(ToString::to_string));
        read.ok()
    }
}

/// Hint and error are tied to the field by `aria-describedby`.
#[component]
pub fn TextField(
    label: &'static str,
    input: Input,
    value: RwSignal<String>,
    #[prop(default = RwSignal::new(None))] error: RwSignal<Option<String>>,
    #[prop(optional)] node_ref: NodeRef<html::Input>,
    /// The id of a `<datalist>`.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let id = unique_id();
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || {
            described_by(&[
                (!input.hint.is_empty()).then_some(hint_id.as_str()),
                error.read().as_ref().map(|_| error_id.as_str()),
            ])
        }
    };
    let is_wrong = move || error.read().is_some().then_some("true");
    let type_in = move |event| value.set(event_target_value(&event));
    let or = |text: &'static str, default| if text.is_empty() { default } else { text };
    let (html_type, mode) = match input.html_type {
        "number" => ("text", Some("numeric")),
        other => (or(other, "text"), None),
    };
    let field_id = id.clone();
    let field = if html_type == LINES {
        view! {
            <textarea
                id=field_id
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
    } else {
        view! {
            <input
                id=field_id
                type=html_type
                inputmode=mode
                name=input.name
                autocomplete=or(input.autocomplete, "off")
                autocapitalize="off"
                spellcheck="false"
                placeholder=input.placeholder
                list=list
                aria-describedby=described
                aria-invalid=is_wrong
                node_ref=node_ref
                prop:value=move || value.get()
                on:input=type_in
            />
        }
        .into_any()
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {field}
            {(!input.hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{input.hint}</p> })}
            <FieldError id=error_id error/>
        </div>
    }
}

/// The element stays in the page, so that a screen reader announces the sentence.
#[component]
pub fn FieldError(id: String, error: RwSignal<Option<String>>) -> impl IntoView {
    view! {
        <p class="field-error" id=id aria-live="polite">
            {move || match error.get() {
                Some(text) => view! { {icon(Icon::Warning)} <span>{text}</span> }.into_any(),
                None => ().into_any(),
            }}
        </p>
    }
}

/// No attribute when nothing describes the field.
pub fn described_by(ids: &[Option<&str>]) -> Option<String> {
    let ids: Vec<_> = ids.iter().flatten().copied().collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
