//! What an entry of the window's history keeps beside its address: how far it was scrolled,
//! and the way back through the pages of a list. It survives a reload, as the address does.
//!
//! The browser's own memory of the scroll position is switched off: it would be applied
//! before the rows have come from the server.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::ScrollRestoration;

/// Browsers refuse some 200 writes in a row.
const AFTER_SCROLLING: Duration = Duration::from_millis(100);

/// The state of the present entry, stored as the text `SCROLLED TRAIL`.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The cursors of the pages before this one, each followed by a space; that of the first page
    /// is empty.
    pub trail: RwSignal<String>,
    /// Pixels to scroll once the rows are here.
    wanted: RwSignal<Option<u64>>,
    writing: StoredValue<Option<TimeoutHandle>>,
}

impl Entry {
    /// Written whenever the window is scrolled.
    pub fn new() -> Self {
        let trail = RwSignal::new(String::new());
        let entry = Self { trail, wanted: RwSignal::new(None), writing: StoredValue::new(None) };
        if let Ok(history) = window().history() {
            // A browser that does not know it restores by itself, at worst too early.
            let _ = history.set_scroll_restoration(ScrollRestoration::Manual);
        }
        window_event_listener(ev::scroll, move |_| entry.write_later());
        entry
    }

    /// Reads the entry that the person has come to.
    pub fn read(self) {
        self.forget_writing();
        let state = window().history().and_then(|history| history.state());
        let state = state.ok().and_then(|state| state.as_string()).unwrap_or_default();
        let (scrolled, trail) = state.split_once(' ').unwrap_or_default();
        self.wanted.set(scrolled.parse().ok().filter(|scrolled| *scrolled > 0));
        self.trail.set(trail.to_owned());
    }

    /// Writes the scroll position, before the entry is left.
    pub fn write(self) {
        self.forget_writing();
        // Until the rows are here, the scroll position means nothing.
        if self.wanted.get_untracked().is_some() {
            return;
        }
        let scrolled = document().document_element().map(|root| root.scroll_top());
        let state = state(scrolled.unwrap_or_default(), &self.trail.read_untracked());
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&state, "", None);
        }
    }

    /// Scrolls, once the rows are here, to where the person left them.
    pub fn restore(self) {
        let Some(wanted) = self.wanted.get_untracked() else { return };
        self.wanted.set(None);
        request_animation_frame(move || {
            if let Some(root) = document().document_element() {
                root.set_scroll_top(i32::try_from(wanted).unwrap_or_default());
            }
        });
    }

    fn write_later(self) {
        self.forget_writing();
        self.writing.set_value(set_timeout_with_handle(move || self.write(), AFTER_SCROLLING).ok());
    }

    fn forget_writing(self) {
        if let Some(writing) = self.writing.get_value() {
            writing.clear();
        }
    }
}

/// In whole pixels: the code for fractions would be a tenth of the whole download.
pub fn state(scrolled: i32, trail: &str) -> JsValue {
    JsValue::from_str(&format!("{scrolled} {trail}"))
}

/// The last cursor of a trail, and the trail without it.
pub fn last_of(trail: &str) -> Option<(&str, &str)> {
    let cursors = trail.strip_suffix(' ')?;
    let (before, last) = cursors.split_at(cursors.rfind(' ').map_or(0, |space| space + 1));
    Some((last, before))
}

#[cfg(test)]
mod tests {
    use super::last_of;

    #[test]
    fn a_trail_leads_back_page_by_page_to_the_first() {
        assert_eq!(last_of(" b c "), Some(("c", " b ")));
        assert_eq!(last_of(" b "), Some(("b", " ")));
        assert_eq!(last_of(" "), Some(("", "")));
        assert_eq!(last_of(""), None);
    }
}
