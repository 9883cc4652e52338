//! What stands above a list: the search, how many there are, and a fresh look.

use leptos::prelude::*;

use crate::clock::plural;
use crate::components::icon::{Icon, icon};
use crate::hub::hub;
use crate::place::Go;
use crate::routes;

/// What is unlike between one list and another.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// The value of `tab` in the address, and what is listed: `secrets`.
    pub tab: &'static str,
    /// One of them: `secret`.
    pub one: &'static str,
    /// The heading of the list, which names the search: `Secrets`.
    pub name: &'static str,
}

impl Search {
    /// `2 secrets`, or how many of them were found.
    pub fn count(self, all: usize, shown: usize, text: &str) -> String {
        let of_all = plural(i64::try_from(all).unwrap_or(i64::MAX), self.one);
        if text.trim().is_empty() { of_all } else { format!("{shown} of {of_all}") }
    }

    /// The address of the list under a text that is looked for, which keeps it.
    fn address(self, text: &str) -> String {
        routes::with_query(routes::SECRETS, &[("tab", self.tab), ("q", text)])
    }
}

/// The search.
#[component]
pub fn SearchBar(
    search: Search,
    /// What is looked for.
    text: Memo<String>,
    /// How many there are.
    count: Memo<String>,
    #[prop(into)] on_refresh: Callback<()>,
) -> impl IntoView {
    let place = hub().place;
    let label = format!("Search {}", search.tab);
    let look = move |event| place.go(&search.address(&event_target_value(&event)), Go::Refine);
    view! {
        <div class="toolbar" role="search" aria-label=search.name>
            <input
                type="search"
                class="toolbar-search"
                aria-label=label.clone()
                placeholder=label
                autocomplete="off"
                prop:value=move || text.get()
                on:input=look
            />
            <p class="toolbar-count" aria-live="polite">{move || count.get()}</p>
            <button type="button" class="button button-quiet" on:click=move |_| on_refresh.run(())>
                {icon(Icon::Refresh)} "Refresh"
            </button>
        </div>
    }
}

/// There are some, but none that was looked for.
#[component]
pub fn NoMatch(
    search: Search,
    /// Where it was looked for.
    text: &'static str,
) -> impl IntoView {
    let place = hub().place;
    view! {
        <div class="empty">
            <h3>{format!("No {} match", search.tab)}</h3>
            <p>{text}</p>
            <button type="button" class="button" on:click=move |_| place.go(&search.address(""), Go::Refine)>
                "Clear search"
            </button>
        </div>
    }
}
