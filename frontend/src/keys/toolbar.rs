//! Search and status filter above the table. The address is where they live, so a
//! filtered list can be bookmarked and reloaded.

use leptos::prelude::*;

use crate::clock::plural;
use crate::components::icon::{Icon, icon};
use crate::hub::hub;
use crate::keys::filter::Filter;
use crate::keys::status::Status;
use crate::keys::store::Keys;
use crate::place::Go;

/// Writes a filter into the address. To be called where a component is made.
pub fn set_filter() -> impl Fn(Filter) + Copy + 'static {
    let place = hub().place;
    move |filter: Filter| place.go(&filter.address(), Go::Refine)
}

/// The toolbar.
#[component]
pub fn Toolbar() -> impl IntoView {
    let keys: Keys = expect_context();
    let set_filter = set_filter();
    let search = move |event| {
        let text = event_target_value(&event);
        set_filter(Filter::from_query(text, &keys.status.read_untracked()));
    };
    let choose = move |event| {
        let value = event_target_value(&event);
        set_filter(Filter::from_query(keys.text.get_untracked(), &value));
    };
    let count = move || {
        let all = keys.list.read().len();
        let shown = keys.visible.read().len();
        let all_keys = plural(i64::try_from(all).unwrap_or(i64::MAX), "key");
        if keys.filter().is_empty() { all_keys } else { format!("{shown} of {all_keys}") }
    };
    let option = move |(slug, label): (&'static str, &'static str)| {
        let is_chosen = move || *keys.status.read() == slug;
        view! { <option value=slug selected=is_chosen>{label}</option> }.into_any()
    };
    let statuses = Status::ALL.map(|status| option((status.slug(), status.label())));
    view! {
        <div class="toolbar" role="search" aria-label="API keys">
            <input
                type="search"
                class="toolbar-search"
                aria-label="Search keys"
                placeholder="Search keys"
                autocomplete="off"
                prop:value=move || keys.text.get()
                on:input=search
            />
            <label class="toolbar-status">
                "Status"
                <select on:change=choose>
                    {option(("", "All"))}
                    {statuses.into_iter().collect_view()}
                </select>
            </label>
            <p class="toolbar-count" aria-live="polite">{count}</p>
            <button type="button" class="button button-quiet" on:click=move |_| keys.reload()>
                {icon(Icon::Refresh)} "Refresh"
            </button>
        </div>
    }
}
