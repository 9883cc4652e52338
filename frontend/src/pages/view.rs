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

/// What differs between lists.
pub struct Views {
    pub loading: &'static str,
    pub failed: &'static str,
    pub toolbar: fn() -> AnyView,
    pub empty: fn() -> AnyView,
    pub rows: fn() -> AnyView,
    /// The labels of the pager: first, previous, next.
    pub pager: [&'static str; 3],
}

/// The list, and whether its toolbar is shown.
pub fn list(pages: Pages, views: &'static Views) -> (AnyView, RwSignal<bool>) {
    let shown = pages.shown();
    // A search that fails or is under way keeps its toolbar.
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
