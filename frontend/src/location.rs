//! The address of the window as signals, and how to go elsewhere.
//!
//! The pages have a handful of fixed paths. A router that matches any tree of routes would
//! be a tenth of the whole download.

use leptos::ev;
use leptos::prelude::*;

use crate::erased::memo;
use crate::history::{self, Entry};
use crate::query::value_in;
use crate::routes;

#[derive(Clone, Copy)]
pub struct Location {
    /// The path, with its slash.
    pub path: RwSignal<String>,
    /// The query, without its question mark.
    pub query: RwSignal<String>,
    /// The state of the history entry.
    pub entry: Entry,
}

/// What becomes of the address that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Navigate {
    /// The back button returns to it.
    Push,
    /// The back button returns to it, and the scroll position stays: something opens over the page.
    Open,
    /// The back button skips it: it redirects.
    Replace,
    /// Same page, other filters: the scroll position stays.
    Refine,
}

impl Location {
    pub fn new() -> Self {
        let [path, query] = [(); 2].map(|()| RwSignal::new(String::new()));
        let location = Self { path, query, entry: Entry::new() };
        location.look();
        window_event_listener(ev::popstate, move |_| location.look());
        location
    }

    /// `to` is a path of this site, with its query.
    pub fn navigate(self, to: &str, how: Navigate) {
        self.navigate_along(to, how, "");
    }

    /// For a page of a list: `trail` leads from there back to the first.
    pub fn navigate_along(self, to: &str, how: Navigate, trail: &str) {
        let Ok(history) = window().history() else { return };
        let state = history::state(0, trail);
        // Browsers refuse only other sites, and too many changes in a row.
        let is_new = matches!(how, Navigate::Push | Navigate::Open) && to != self.here();
        let _ = if is_new {
            self.entry.write();
            history.push_state_with_url(&state, "", Some(to))
        } else {
            history.replace_state_with_url(&state, "", Some(to))
        };
        self.look();
        if matches!(how, Navigate::Push | Navigate::Replace) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    pub fn here(self) -> String {
        let (path, query) = (self.path.get_untracked(), self.query.get_untracked());
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// Empty when the query has no such value.
    pub fn query_value(self, name: &'static str) -> Memo<String> {
        memo(move || value_in(&self.query.read(), name))
    }

    /// Signs in, then returns to this address.
    pub fn navigate_to_sign_in(self) {
        let is_sign_in =
            |path: &str| [routes::LOGIN, routes::SETUP, routes::INVITATION].contains(&path);
        if !is_sign_in(&self.path.read_untracked()) {
            self.navigate(&routes::login_and_back_to(&self.here()), Navigate::Replace);
        }
    }

    fn look(self) {
        self.entry.read();
        let location = location();
        let query = location.search().unwrap_or_default();
        // The path first: a page that is left must not answer to the query of the next.
        renew(self.path, &location.pathname().unwrap_or_default());
        renew(self.query, query.trim_start_matches('?'));
    }
}

/// Leaves for another site. Only the schemes of the web: an address that runs a script is none.
pub fn go_elsewhere(url: &str) {
    if ["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
        // Fails only for what is no address.
        let _ = location().set_href(url);
    }
}

/// An unchanged value notifies nobody.
fn renew(signal: RwSignal<String>, value: &str) {
    if *signal.read_untracked() != value {
        signal.set(value.to_owned());
    }
}
