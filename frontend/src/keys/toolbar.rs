//! Search, filters and order above the table. The address is where they live, so a filtered
//! list can be bookmarked and reloaded.

use keyward_api::key_list::KeyStatus;
use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::erased::when;
use crate::keys::listing::{ONLY, concerns};
use crate::keys::order::ORDERS;
use crate::keys::status::label;
use crate::keys::store::Keys;
use crate::lists::listing::SORT;
use crate::lists::toolbar::{WHOLE, filter_list, filter_text, toolbar_with};

pub fn key_toolbar(keys: Keys) -> AnyView {
    let statuses = KeyStatus::ALL.map(|status| (status.as_str(), label(status).to_owned()));
    let statuses = [("", "All".to_owned())].into_iter().chain(statuses).collect();
    let orders = ORDERS.map(|(slug, _, label)| (slug, label.to_owned())).into();
    let named = untrack(|| keys.pages.text(ONLY));
    let filters = view! {
        {filter_list(keys.pages, ONLY, "Show", concerns(&named))}
        {filter_list(keys.pages, "status", "Status", statuses)}
        {filter_text(keys.pages, "scope", "Scope", WHOLE)}
        // Where a column that sorts has no room.
        <div class="filter-sort">{filter_list(keys.pages, SORT, "Sort", orders)}</div>
    };
    let select = when(move || keys.may(Role::Editor), move || select_button(keys));
    toolbar_with(keys.pages, filters.into_any(), select)
}

fn select_button(keys: Keys) -> AnyView {
    let is_on = move || keys.chosen.read().is_some();
    view! {
        <button
            type="button"
            class="button button-quiet"
            aria-pressed=move || if is_on() { "true" } else { "false" }
            on:click=move |_| keys.let_choose(!untrack(is_on))
        >
            "Select"
        </button>
    }
    .into_any()
}
