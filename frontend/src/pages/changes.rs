//! What becomes of a page of a list when this page has changed one of its rows.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::pages::store::Pages;

impl Pages {
    /// A row was added by this page: it is shown, whatever is looked for.
    pub fn added(self) {
        self.count_on(|count| count + 1);
        if self.is_asking() == Some(true) || !self.load.is_ready() {
            spawn_local(self.fetch());
        }
    }

    /// Shows a row that is new by looking for its name, if it is on another page or not what
    /// is looked for. `is_here` is not known when the page has been left.
    pub fn show(self, name: &str, is_here: Option<bool>) {
        if is_here == Some(false) {
            self.look_for("q", name.to_owned(), Duration::ZERO);
        }
    }

    /// A row of this page has gone: the next one moves up.
    pub fn removed(self) {
        self.count_on(|count| count.saturating_sub(1));
        let is_cut = self.next.try_with_untracked(|next| !next.is_empty()) == Some(true);
        let is_empty = self.ids.try_with_untracked(Vec::is_empty) == Some(true);
        let is_asking = self.is_asking() == Some(true);
        if is_cut || is_empty && !self.is_whole() || is_asking {
            spawn_local(self.fetch());
        }
    }

    /// A row of this page has changed: it may not be what is looked for any more.
    pub async fn changed(self) {
        let is_asking = self.is_asking();
        if is_asking.is_some() && (is_asking == Some(true) || untrack(|| self.is_narrowed())) {
            self.fetch().await;
        }
    }

    fn count_on(self, change: fn(u64) -> u64) {
        for count in [self.total, self.all] {
            count.try_update(|count| *count = count.map(change));
        }
    }

    /// Whether the list is the first page of all there is.
    fn is_whole(self) -> bool {
        untrack(|| !self.is_narrowed() && self.cursor().is_empty())
    }
}
