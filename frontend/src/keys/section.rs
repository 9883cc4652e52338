//! The API keys section.

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::section_head::{Heading, add_button};
use crate::erased::{effect, when};
use crate::keys::banner::Banners;
use crate::keys::frame::frame;
use crate::keys::later::Later;
use crate::keys::store::Keys;
use crate::keys::table::key_table;
use crate::keys::toolbar::key_toolbar;
use crate::lists::pager::LABELS;
use crate::lists::section::{Empty, Section, list_section};
use crate::location::Navigate;
use crate::roles::for_editors;
use crate::routes;

const SECTION: Section = Section {
    heading: Heading {
        id: "keys-title",
        title: "API keys",
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
pub fn KeysSection(later: Later) -> impl IntoView {
    let keys = Keys::load_from_server(later);
    keys.follow_opened();
    provide_context(keys);
    let session = keys.pages.context.session;
    let open = Callback::new(move |()| keys.is_adding.set(true));
    open_if_asked(keys);
    let above = view! {
        <Banners/>
        {when(move || keys.is_adding.get(), move || untrack(later.form))}
    };
    // Here, so that they outlive a list that is fetched again.
    let has_dialog = move || keys.dialog_request.read().is_some();
    let below = view! {
        <ArmedAnnouncement/>
        {when(has_dialog, move || untrack(later.dialog))}
    };
    let list = list_section(
        keys.pages,
        &SECTION,
        for_editors(session, move || {
            add_button("Add API key", keys.add_button, keys.is_adding, open)
        }),
        above.into_any(),
        below.into_any(),
    );
    let has_opened = move || !keys.opened.id.read().is_empty();
    view! {
        {list}
        {when(has_opened, move || untrack(|| frame(keys)))}
    }
}

/// A link to [`routes::NEW_KEY`] opens the form. It is no longer in the address then, so that a
/// reload does not open it again.
fn open_if_asked(keys: Keys) {
    let location = keys.pages.context.location;
    let asked = location.query_value("new");
    effect(move || {
        if *asked.read() == "key" {
            keys.is_adding.set(untrack(|| keys.may(Role::Editor)));
            location.navigate(routes::KEYS, Navigate::Refine);
        }
    });
}

/// A screen reader does not read a button that changes its name while it has the focus.
#[component]
fn ArmedAnnouncement() -> impl IntoView {
    let keys: Keys = expect_context();
    let text = move || {
        let armed = keys.armed.get().and_then(|armed| keys.get(&armed.id));
        armed.map_or(String::new(), |key| {
            format!("Activate again to delete {}. Escape cancels.", key.name)
        })
    };
    view! { <p class="visually-hidden" aria-live="polite">{move || text()}</p> }
}
