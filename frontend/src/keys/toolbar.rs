//! Search and status filter above the table. The address is where they live, so a
//! filtered list can be bookmarked and reloaded.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::clock::plural;
use crate::components::icon::{Icon, icon};
use crate::keys::filter::Filter;
use crate::keys::status::Status;
use crate::keys::store::Keys;

/// Writes a filter into the address. To be called where a component is made.
pub fn set_filter() -> impl Fn(Filter) + Clone + 'static {
    let navigate = use_navigate();
    move |filter: Filter| {
        let options =
            NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&filter.address(), options);
    }
}

/// The toolbar.
#[component]
pub fn Toolbar() -> impl IntoView {
    let keys: Keys = expect_context();
    let set_filter = set_filter();
    let filter = keys.filter;
    let search = {
        let set_filter = set_filter.clone();
        move |event| {
            let text = event_target_value(&event);
            set_filter(Filter { text, ..filter.get_untracked() });
        }
    };
    let choose = move |event| {
        let value = event_target_value(&event);
        let text = filter.read_untracked().text.clone();
        set_filter(Filter::from_query(Some(text), Some(&value)));
    };
    let count = move || {
        let all = keys.list.read().ready().map_or(0, Vec::len);
        let shown = keys.visible.read().len();
        let all_keys = plural(i64::try_from(all).unwrap_or(i64::MAX), "key");
        if filter.read().is_empty() { all_keys } else { format!("{shown} of {all_keys}") }
    };
    let is_chosen = move |status| filter.read().status == Some(status);
    view! {
        <div class="toolbar" role="search" aria-label="API keys">
            <input
                type="search"
                class="toolbar-search"
                aria-label="Search keys"
                placeholder="Search keys"
                autocomplete="off"
                prop:value=move || filter.read().text.clone()
                on:input=search
            />
            <label class="toolbar-status">
                "Status"
                <select on:change=choose>
                    <option value="" selected=move || filter.read().status.is_none()>"All"</option>
                    {Status::ALL.map(|status| view! {
                        <option value=status.slug() selected=move || is_chosen(status)>{status.label()}</option>
                    }).collect_view()}
                </select>
            </label>
            <p class="toolbar-count" aria-live="polite">{count}</p>
            <button type="button" class="button button-quiet" on:click=move |_| keys.reload()>
                {icon(Icon::Refresh)} "Refresh"
            </button>
        </div>
    }
}
