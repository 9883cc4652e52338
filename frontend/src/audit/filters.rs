//! The form of the filter. It acts while the person types; the address keeps it.

use std::time::Duration;

use leptos::prelude::*;

use crate::audit::filter::{ACTIONS, Filter};
use crate::audit::store::Audit;
use crate::components::field::unique_id;
use crate::components::icon::{Icon, icon};
use crate::hub::hub;
use crate::once::when;
use crate::place::Go;

/// Each question is one for the server, so a word is waited for, not each letter.
const AFTER_TYPING: Duration = Duration::from_millis(300);

/// The form.
#[component]
pub fn Filters() -> impl IntoView {
    let audit: Audit = expect_context();
    let place = hub().place;
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let set = move |field: usize, text: String, after: Duration| {
        let apply = move || {
            let filter = untrack(|| audit.filter()).with(field, text.clone());
            place.go(&filter.address(""), Go::Refine);
        };
        if let Some(earlier) = waiting.get_value() {
            earlier.clear();
        }
        waiting.set_value(set_timeout_with_handle(apply, after).ok());
    };
    let text = move |field: usize, label: &'static str, kind: &'static str| {
        let id = unique_id();
        let after = if kind == "date" { Duration::ZERO } else { AFTER_TYPING };
        view! {
            <div class="filter">
                <label for=id.clone()>{label}</label>
                <input
                    id=id
                    type=kind
                    autocomplete="off"
                    prop:value=move || audit.field(field)
                    on:input=move |event| set(field, event_target_value(&event), after)
                />
            </div>
        }
        .into_any()
    };
    let list = move |field: usize, label: &'static str, options: Vec<(&'static str, String)>| {
        let id = unique_id();
        let option = move |(value, label): (&'static str, String)| {
            let is_chosen = move || audit.field(field) == value;
            view! { <option value=value selected=is_chosen>{label}</option> }.into_any()
        };
        view! {
            <div class="filter">
                <label for=id.clone()>{label}</label>
                <select
                    id=id
                    on:change=move |event| set(field, event_target_value(&event), Duration::ZERO)
                >
                    {options.into_iter().map(option).collect_view()}
                </select>
            </div>
        }
        .into_any()
    };
    let clear = move |_| place.go(&Filter::default().address(""), Go::Refine);
    view! {
        <div class="toolbar filters" role="search" aria-label="Audit log">
            {text(0, "Actor", "text")}
            {list(1, "Action", actions())}
            {text(2, "Target", "text")}
            {list(3, "Outcome", outcomes())}
            {text(4, "From", "date")}
            {text(5, "To", "date")}
            {when(move || !audit.filter().is_empty(), move || view! {
                <button type="button" class="button button-quiet" on:click=clear>"Clear filters"</button>
            }.into_any())}
            <button type="button" class="button button-quiet" on:click=move |_| audit.reload()>
                {icon(Icon::Refresh)} "Refresh"
            </button>
        </div>
    }
}

fn actions() -> Vec<(&'static str, String)> {
    let mut options = vec![("", "Any".to_owned())];
    for (noun, actions) in ACTIONS {
        options.push((noun, format!("{noun}: any")));
        options.extend(actions.iter().map(|action| (*action, (*action).to_owned())));
    }
    options
}

fn outcomes() -> Vec<(&'static str, String)> {
    [("", "Any"), ("success", "Success"), ("refused", "Refused")]
        .map(|(value, label)| (value, label.to_owned()))
        .to_vec()
}
