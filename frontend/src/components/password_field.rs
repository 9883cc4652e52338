//! The field for a password, which can be shown to the person who types it.

use leptos::prelude::*;

use crate::components::field::{FieldError, Input, described_by};
use crate::ids::unique_id;

#[component]
pub fn PasswordField(
    #[prop(default = "Password")] label: &'static str,
    input: Input,
    value: RwSignal<String>,
    #[prop(default = RwSignal::new(None))] error: RwSignal<Option<String>>,
) -> impl IntoView {
    let id = unique_id();
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let is_shown = RwSignal::new(false);
    let described = {
        let (hint_id, error_id) = (hint_id.clone(), error_id.clone());
        move || {
            described_by(&[
                (!input.hint.is_empty()).then_some(hint_id.as_str()),
                error.read().as_ref().map(|_| error_id.as_str()),
            ])
        }
    };
    let name = label.to_lowercase();
    let named = move || format!("{} {name}", if is_shown.get() { "Hide" } else { "Show" });
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <div class="value-field">
                <input
                    id=id
                    type=move || if is_shown.get() { "text" } else { "password" }
                    name=input.name
                    autocomplete=input.autocomplete
                    autocapitalize="off"
                    spellcheck="false"
                    aria-describedby=described
                    aria-invalid=move || error.read().is_some().then_some("true")
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
                <button
                    type="button"
                    class="button"
                    aria-label=named
                    on:click=move |_| is_shown.update(|shown| *shown = !*shown)
                >
                    {move || if is_shown.get() { "Hide" } else { "Show" }}
                </button>
            </div>
            {(!input.hint.is_empty()).then(|| view! { <p class="hint" id=hint_id>{input.hint}</p> })}
            <FieldError id=error_id error/>
        </div>
    }
}
