//! What becomes of a page of a list when this page has changed one of its rows.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::lists::listing::SEARCH;
use crate::lists::store::Pages;

impl Pages {
    /// The new row is shown whatever the filters are.
    pub fn added(self) {
        self.count_on(|count| count + 1);
        if self.is_fetching() == Some(true) || !self.load.is_ready() {
            spawn_local(self.fetch());
        }
    }

    /// Searches for the name of a new row that is on another page or outside of the filters.
    /// `is_here` is `None` when the page is gone.
    pub fn show(self, name: &str, is_here: Option<bool>) {
        if is_here == Some(false) {
            self.look_for(SEARCH, name.to_owned(), Duration::ZERO);
        }
    }

    /// The first row of the next page moves up.
    pub fn removed(self) {
        self.count_on(|count| count.saturating_sub(1));
        let is_cut = self.next.try_with_untracked(|next| !next.is_empty()) == Some(true);
        let is_empty = self.ids.try_with_untracked(Vec::is_empty) == Some(true);
        let is_fetching = self.is_fetching() == Some(true);
        if is_cut || is_empty && !self.is_whole() || is_fetching {
            spawn_local(self.fetch());
        }
    }

    /// The row may not match the filters any more.
    pub async fn changed(self) {
        let is_fetching = self.is_fetching();
        if is_fetching.is_some() && (is_fetching == Some(true) || untrack(|| self.is_narrowed())) {
            self.fetch().await;
        }
    }

    fn count_on(self, change: fn(u64) -> u64) {
        for count in [self.total, self.all] {
            count.try_update(|count| *count = count.map(change));
        }
    }

    /// Whether this page is the first and no filter is set.
    fn is_whole(self) -> bool {
        untrack(|| !self.is_narrowed() && self.cursor().is_empty())
    }
}
