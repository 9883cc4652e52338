//! Which of its states a list is shown in. Loading, failed, empty and nothing found are four
//! states; none looks like another. All lists go through here, since each would be compiled,
//! and downloaded, for itself.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::skeleton::skeleton;
use crate::erased::{effect, live, when};
use crate::load::Shown;
use crate::pages::pager::pager;
use crate::pages::store::Pages;
use crate::pages::toolbar::no_match;

/// What is unlike between one list and another, to a person.
pub struct Views {
    /// What is said while it loads.
    pub loading: &'static str,
    /// What is said when it cannot be loaded.
    pub failed: &'static str,
    /// What stands above it once there is something.
    pub toolbar: fn() -> AnyView,
    /// What is shown instead of an empty list.
    pub empty: fn() -> AnyView,
    /// The rows.
    pub rows: fn() -> AnyView,
    /// What the pager says: to the first page, the one before, the one after.
    pub pager: [&'static str; 3],
}

/// The list, and whether there is one to search.
pub fn list(pages: Pages, views: &'static Views) -> (AnyView, RwSignal<bool>) {
    let shown = pages.shown();
    // A search that fails, or is under way, leaves its field where it is.
    let has_toolbar = RwSignal::new(false);
    effect(move || match shown.get() {
        Shown::Ready | Shown::NoMatch => has_toolbar.set(true),
        Shown::Empty => has_toolbar.set(false),
        Shown::Loading | Shown::Failed => {}
    });
    let rows = move || match shown.get() {
        Shown::Loading => skeleton(views.loading),
        Shown::Failed => pages.load.failed(views.failed, move || spawn_local(pages.fetch())),
        Shown::Empty => untrack(views.empty),
        Shown::NoMatch => no_match(pages),
        Shown::Ready => view! { {untrack(views.rows)} {pager(pages, views.pager)} }.into_any(),
    };
    let list = view! {
        {when(move || has_toolbar.get(), move || untrack(views.toolbar))}
        {live(rows)}
    };
    (list.into_any(), has_toolbar)
}
