//! What stands above a list: what is looked for, how many there are, and a fresh look.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::ids::unique_id;
use crate::lists::store::{AFTER_TYPING, Pages};
use crate::text::quoted;

/// `filters` stand beside the search.
pub fn toolbar(pages: Pages, filters: AnyView) -> AnyView {
    let label = format!("Search {}", pages.listing.many);
    view! {
        <div class="toolbar" role="search" aria-label=pages.listing.name>
            <input
                type="search"
                class="toolbar-search"
                aria-label=label.clone()
                placeholder=label
                autocomplete="off"
                prop:value=move || pages.text("q")
                on:input=move |event| pages.look_for("q", event_target_value(&event), AFTER_TYPING)
            />
            {filters}
            <p class="toolbar-count" aria-live="polite">{move || count(pages)}</p>
            {refresh(move || spawn_local(pages.fetch()))}
        </div>
    }
    .into_any()
}

/// `98 431 keys`, or how many of them match.
fn count(pages: Pages) -> String {
    let Some(total) = pages.total.get() else { return String::new() };
    let counted = pages.listing.counted(total);
    if pages.is_narrowed() { format!("{counted} found") } else { counted }
}

/// The button that fetches again.
pub fn refresh(run: impl Fn() + 'static) -> AnyView {
    view! {
        <button type="button" class="button button-quiet" on:click=move |_| run()>
            {icon(Icon::Refresh)} "Refresh"
        </button>
    }
    .into_any()
}

/// A field that is sent when it is left, since a part of its text finds nothing.
pub const WHOLE: &str = "whole";

/// Typing is sent after a pause, [`WHOLE`] when the field is left, a day at once.
pub fn filter_text(
    pages: Pages,
    field: &'static str,
    label: &'static str,
    html_type: &'static str,
) -> AnyView {
    let id = unique_id();
    let pause = if html_type == "text" { AFTER_TYPING } else { Duration::ZERO };
    let look = move |event| pages.look_for(field, event_target_value(&event), pause);
    let (html_type, typed, left) = match html_type {
        WHOLE => ("text", None, Some(look)),
        other => (other, Some(look), None),
    };
    view! {
        <div class="filter">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type=html_type
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                prop:value=move || pages.text(field)
                on:input=move |event| typed.into_iter().for_each(|look| look(event.clone()))
                on:change=move |event| left.into_iter().for_each(|look| look(event.clone()))
            />
        </div>
    }
    .into_any()
}

/// `options` are values with their words.
pub fn filter_list(
    pages: Pages,
    field: &'static str,
    label: &'static str,
    options: Vec<(&'static str, String)>,
) -> AnyView {
    let id = unique_id();
    let option = move |(value, says): (&'static str, String)| {
        let is_chosen = move || pages.text(field) == value;
        view! { <option value=value selected=is_chosen>{says}</option> }.into_any()
    };
    let choose = move |event| pages.look_for(field, event_target_value(&event), Duration::ZERO);
    view! {
        <div class="filter">
            <label for=id.clone()>{label}</label>
            <select id=id on:change=choose>{options.into_iter().map(option).collect_view()}</select>
        </div>
    }
    .into_any()
}

/// Rows exist, but none matches the filters.
pub fn no_match(pages: Pages) -> AnyView {
    let listing = pages.listing;
    let clear = if listing.fields.len() > 1 { "Clear filters" } else { "Clear search" };
    let title = move || match pages.text("q").trim() {
        "" => format!("No {} matches these filters", listing.one),
        text => format!("No {} matches {}", listing.one, quoted(text)),
    };
    // A list in a tab stands below the heading of the page.
    let heading = if listing.tab.is_empty() {
        view! { <h2 class="empty-title">{title}</h2> }.into_any()
    } else {
        view! { <h3 class="empty-title">{title}</h3> }.into_any()
    };
    let in_all = move || pages.all.get().map(|all| format!("{} in all.", listing.counted(all)));
    view! {
        <div class="empty">
            {heading}
            <p>{move || in_all().unwrap_or_default()}</p>
            <button type="button" class="button" on:click=move |_| pages.clear()>{clear}</button>
        </div>
    }
    .into_any()
}
