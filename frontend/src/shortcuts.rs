//! Single keys for what is done often. They can be switched off, for people who speak to their
//! computer or press keys by chance; the choice is remembered by the browser.

use keyward_api::roles::Role;
use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::focus::focus;
use crate::location::{Location, Navigate};
use crate::routes;
use crate::session_state::SessionState;

/// The key, and what it does.
pub const SHORTCUTS: [(&str, &str); 3] =
    [("/", "Search"), ("n", "New key, secret or provider"), ("?", "Show this list")];

const STORED_AS: &str = "keyward-shortcuts";

#[derive(Clone, Copy)]
pub struct Shortcuts {
    pub are_on: RwSignal<bool>,
    /// Whether the list of them is shown.
    pub is_shown: RwSignal<bool>,
}

impl Shortcuts {
    pub fn listen(location: Location, session: SessionState) -> Self {
        let shortcuts =
            Self { are_on: RwSignal::new(remembered()), is_shown: RwSignal::new(false) };
        window_event_listener(ev::keydown, move |event| {
            let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
            if has_modifier || event.default_prevented() || event.is_composing() {
                return;
            }
            if shortcuts.are_on.get_untracked()
                && is_free()
                && shortcuts.run(&event.key(), location, session)
            {
                event.prevent_default();
            }
        });
        shortcuts
    }

    pub fn show(self) {
        self.is_shown.set(true);
    }

    pub fn switch(self, are_on: bool) {
        self.are_on.set(are_on);
        if let Ok(Some(storage)) = window().local_storage() {
            // A full storage forgets the choice.
            let _ = storage.set_item(STORED_AS, if are_on { "on" } else { "off" });
        }
    }

    /// Whether the key is one of them, here.
    fn run(self, key: &str, location: Location, session: SessionState) -> bool {
        match key {
            "/" => act("search", focus),
            // A viewer has nothing to add.
            "n" if untrack(|| session.may(Role::Editor)) => {
                act("add", |element| {
                    if let Some(element) = element {
                        element.click();
                    }
                }) || *location.path.read_untracked() == routes::OVERVIEW && {
                    location.navigate(routes::NEW_KEY, Navigate::Push);
                    true
                }
            }
            "?" => {
                self.show();
                true
            }
            _ => false,
        }
    }
}

/// Whether the element with this id is in the page.
fn act(id: &str, run: fn(Option<&web_sys::HtmlElement>)) -> bool {
    let element = document().get_element_by_id(id).and_then(|found| found.dyn_into().ok());
    run(element.as_ref());
    element.is_some()
}

/// Whether nobody types, chooses or answers a dialog.
fn is_free() -> bool {
    let is_taken = |element: web_sys::Element| {
        element
            .matches("input:not([type=checkbox], [type=radio]), textarea, select")
            .unwrap_or(true)
    };
    let has_dialog =
        document().query_selector("dialog[open], :popover-open").ok().flatten().is_some();
    !has_dialog && !document().active_element().is_some_and(is_taken)
}

fn remembered() -> bool {
    let stored = window().local_storage().ok().flatten();
    stored.and_then(|storage| storage.get_item(STORED_AS).ok().flatten()).as_deref() != Some("off")
}
