//! What stands above a list: what is looked for, how many there are, and a fresh look.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{ClipboardEvent, Event, HtmlInputElement};

use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::ids::unique_id;
use crate::lists::key_in_text::prefix_of_key_in;
use crate::lists::listing::SEARCH;
use crate::lists::store::{AFTER_TYPING, Pages};

/// The id of the field, which a shortcut moves the focus to.
const SEARCH_ID: &str = "search";

/// `filters` stand beside the search.
pub fn toolbar(pages: Pages, filters: AnyView) -> AnyView {
    toolbar_with(pages, filters, ().into_any())
}

/// `actions` stand at the end.
pub fn toolbar_with(pages: Pages, filters: AnyView, actions: AnyView) -> AnyView {
    let label = format!("Search {}", pages.listing.many);
    view! {
        <div class="toolbar" role="search" aria-label=pages.listing.name>
            <div class="toolbar-search">
                <input
                    type="search"
                    id=SEARCH_ID
                    aria-label=label.clone()
                    aria-describedby="search-note"
                    placeholder=label
                    autocomplete="off"
                    prop:value=move || pages.text(SEARCH)
                    on:input=move |event| look(pages, SEARCH, &event_target(&event), AFTER_TYPING)
                    on:paste=move |event| paste(pages, SEARCH, &event)
                />
                {note(pages, SEARCH, "search-note".to_owned())}
            </div>
            {filters}
            <p class="toolbar-count" aria-live="polite">{move || count(pages)}</p>
            {refresh(move || spawn_local(pages.fetch()))}
            {actions}
        </div>
    }
    .into_any()
}

/// Sends what was typed, and takes a key out of the field.
fn look(pages: Pages, field: &str, input: &HtmlInputElement, pause: Duration) {
    if let Some(kept) = pages.look_for(field, input.value(), pause) {
        input.set_value(&kept);
    }
}

/// A key that is pasted reaches the field cut off, or not at all.
fn paste(pages: Pages, field: &str, event: &ClipboardEvent) {
    let pasted = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
    let Some(text) = pasted.filter(|text| prefix_of_key_in(text).is_some()) else { return };
    event.prevent_default();
    if let Some(kept) = pages.look_for(field, text, Duration::ZERO) {
        event_target::<HtmlInputElement>(event).set_value(&kept);
    }
}

/// Says below a field what became of a key in it.
fn note(pages: Pages, field: &'static str, id: String) -> AnyView {
    let says = if pages.listing.finds_prefix && field == SEARCH {
        "Only the first 8 characters of the key were kept."
    } else {
        "A key was removed: this search does not look for keys."
    };
    let text = move || if *pages.cut.read() == field { says } else { "" };
    view! { <p class="toolbar-note" id=id aria-live="polite">{text}</p> }.into_any()
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
    let note_id = format!("{id}-note");
    let pause = if html_type == "text" { AFTER_TYPING } else { Duration::ZERO };
    let is_sent_whole = html_type == WHOLE;
    let html_type = if is_sent_whole { "text" } else { html_type };
    let typed = move |event: Event| {
        let input = event_target::<HtmlInputElement>(&event);
        if !is_sent_whole || prefix_of_key_in(&input.value()).is_some() {
            look(pages, field, &input, pause);
        } else {
            pages.cut.set(String::new());
        }
    };
    let left = move |event: Event| {
        if is_sent_whole {
            look(pages, field, &event_target(&event), pause);
        }
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
                aria-describedby=note_id.clone()
                prop:value=move || pages.text(field)
                on:input=typed
                on:change=left
                on:paste=move |event| paste(pages, field, &event)
            />
            {note(pages, field, note_id)}
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
    let choose =
        move |event| drop(pages.look_for(field, event_target_value(&event), Duration::ZERO));
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
    let title = live(move || match pages.text(SEARCH).trim() {
        "" => format!("No {} matches these filters.", listing.one).into_any(),
        text => {
            view! { "No " {listing.one} " matches " <code>{text.to_owned()}</code> "." }.into_any()
        }
    });
    let in_all = move || pages.all.get().map(|all| format!("{} in all.", listing.counted(all)));
    view! {
        <div class="empty">
            <h2 class="empty-title">{title}</h2>
            <p>{move || in_all().unwrap_or_default()}</p>
            <button type="button" class="button" on:click=move |_| pages.clear()>{clear}</button>
        </div>
    }
    .into_any()
}
