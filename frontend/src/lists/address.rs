//! What the address says of a page of a list, and how it is changed.
//!
//! A key in the address is cut off before anything else reads it, see
//! [`crate::lists::key_in_text`].

use std::time::Duration;

use leptos::prelude::*;

use crate::lists::store::Pages;
use crate::location::Navigate;
use crate::query::{value_in, with_query};

impl Pages {
    /// The filters of this page at another path of the server.
    pub fn path_at(self, path: &str) -> String {
        let parts = self.listing.parts(&self.texts());
        let parts: Vec<_> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        with_query(path, &parts)
    }

    /// What a field of the address holds, without any key.
    pub fn text(self, field: &str) -> String {
        self.listing.text(&self.context.location.query.read(), field)
    }

    fn texts(self) -> Vec<String> {
        self.listing.texts(&self.context.location.query.read())
    }

    pub fn is_narrowed(self) -> bool {
        self.listing.is_narrowed(&self.texts())
    }

    /// Changes one field, which shows the first page. The request waits for `pause`. Answers what
    /// is kept of a text that holds a key.
    pub fn look_for(self, field: &str, text: String, pause: Duration) -> Option<String> {
        let kept = self.listing.without_key(field, &text).map(str::to_owned);
        self.cut.set(if kept.is_some() { field.to_owned() } else { String::new() });
        let text = kept.clone().unwrap_or(text);
        let mut texts = untrack(|| self.texts());
        let index = self.listing.fields.iter().position(|name| *name == field);
        if let Some(old) = index.and_then(|index| texts.get_mut(index)) {
            *old = text;
        }
        self.wait_before_next(pause);
        self.context.location.navigate(&self.listing.address(&texts, "", 1), Navigate::Refine);
        kept
    }

    /// Replaces an address that somebody opened with a key in it.
    pub fn cut_from_address(self) {
        let query = self.context.location.query.get();
        let tab = value_in(&query, "tab");
        // On the way to another tab this list is not the one that is looked at.
        if !tab.is_empty() && tab != self.listing.tab {
            return;
        }
        let holds_key =
            |field: &&&str| self.listing.without_key(field, &value_in(&query, field)).is_some();
        if let Some(field) = self.listing.fields.iter().find(holds_key) {
            self.cut.set((*field).to_owned());
            let address = untrack(|| self.address("", 1));
            self.context.location.navigate(&address, Navigate::Refine);
        }
    }

    pub fn clear(self) {
        self.cut.set(String::new());
        let texts = vec![String::new(); self.listing.fields.len()];
        self.context.location.navigate(&self.listing.address(&texts, "", 1), Navigate::Refine);
    }

    pub fn address(self, cursor: &str, start: u64) -> String {
        self.listing.address(&self.texts(), cursor, start)
    }

    /// Empty for the first page.
    pub fn cursor(self) -> String {
        self.text("cursor")
    }

    /// As the address says.
    pub fn first_row(self) -> u64 {
        if self.cursor().is_empty() { 1 } else { self.text("start").parse().unwrap_or(1) }
    }

    pub fn navigate_to_first(self) {
        self.context.location.navigate(&untrack(|| self.address("", 1)), Navigate::Replace);
    }
}
