//! A list to choose one from.

use leptos::prelude::*;

use crate::ids::unique_id;

/// `lines` are values with their words; `value` is the chosen one.
pub fn select(
    label: &'static str,
    lines: Vec<(String, String)>,
    value: RwSignal<String>,
) -> AnyView {
    let id = unique_id();
    let line = |(slug, says): (String, String)| {
        let is_chosen = *value.read_untracked() == slug;
        view! { <option value=slug selected=is_chosen>{says}</option> }.into_any()
    };
    let lines = lines.into_iter().map(line).collect_view();
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select id=id on:change=move |event| value.set(event_target_value(&event))>{lines}</select>
        </div>
    }
    .into_any()
}
