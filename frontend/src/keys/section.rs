//! The API keys section.

use leptos::prelude::*;

use crate::components::section_head::{Heading, add_button};
use crate::erased::when;
use crate::keys::banner::Banners;
use crate::keys::form::KeyForm;
use crate::keys::store::Keys;
use crate::keys::table::key_table;
use crate::keys::toolbar::key_toolbar;
use crate::lists::pager::LABELS;
use crate::lists::section::{Empty, Section, list_section};

const SECTION: Section = Section {
    heading: Heading {
        id: "keys-title",
        title: "API keys",
        is_page: false,
        lead: "Authenticate external requests to /api. Pass the key in the x-api-key header.",
        hint: "",
    },
    loading: "Loading API keys",
    failed: "Keys could not be loaded",
    empty: Empty {
        title: "No API keys yet",
        text: "Add one for each program that calls this server, so that each can be revoked alone.",
        example: "/api/verify",
    },
    toolbar: || key_toolbar(expect_context()),
    rows: || key_table(expect_context()),
    pager: LABELS,
};

#[component]
pub fn KeysSection() -> impl IntoView {
    let keys = Keys::load_from_server();
    let is_open = RwSignal::new(false);
    provide_context(keys);
    let open = Callback::new(move |()| is_open.set(true));
    let above = view! {
        <Banners/>
        {when(move || is_open.get(), move || view! { <KeyForm is_open/> }.into_any())}
    };
    list_section(
        keys.pages,
        &SECTION,
        add_button("Add API key", keys.add_button, is_open, open),
        above.into_any(),
        view! { <ArmedAnnouncement/> }.into_any(),
    )
}

/// A screen reader does not read a button that changes its name while it has the focus.
#[component]
fn ArmedAnnouncement() -> impl IntoView {
    let keys: Keys = expect_context();
    let text = move || {
        let armed = keys.armed.get().and_then(|id| keys.get(&id));
        armed.map_or(String::new(), |key| {
            format!("Activate again to delete {}. Escape cancels.", key.name)
        })
    };
    view! { <p class="visually-hidden" aria-live="polite">{move || text()}</p> }
}
