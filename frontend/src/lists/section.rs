//! A section with a list: its heading, its toolbar, and its state. Loading, failed, empty and no
//! match are four states; none looks like another. All lists go through here, since each would
//! be compiled, and downloaded, for itself.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::section_head::{Heading, section_head};
use crate::components::skeleton::skeleton;
use crate::curl;
use crate::erased::{effect, live, when};
use crate::lists::pager::pager;
use crate::lists::store::Pages;
use crate::lists::toolbar::no_match;
use crate::load::Shown;

/// What differs between lists.
pub struct Section {
    pub heading: Heading,
    /// Said while the list loads.
    pub loading: &'static str,
    /// Said when it cannot be loaded.
    pub failed: &'static str,
    pub empty: Empty,
    /// In the page once there are rows to search.
    pub toolbar: fn() -> AnyView,
    pub rows: fn() -> AnyView,
    /// The labels of the pager: first, previous, next.
    pub pager: [&'static str; 3],
}

/// What is shown instead of a list without rows.
pub struct Empty {
    pub title: &'static str,
    /// Empty for none, and no example then.
    pub text: &'static str,
    /// The path of a request that a program makes.
    pub example: &'static str,
}

/// `action` stands beside the heading, `above` and `below` around the list.
pub fn list_section(
    pages: Pages,
    section: &'static Section,
    action: AnyView,
    above: AnyView,
    below: AnyView,
) -> AnyView {
    view! {
        <section aria-labelledby=section.heading.id>
            {section_head(&section.heading, action)}
            {above}
            {list(pages, section)}
            {below}
        </section>
    }
    .into_any()
}

fn list(pages: Pages, section: &'static Section) -> AnyView {
    let shown = pages.shown();
    // A search that fails or is under way keeps its toolbar.
    effect(move || match shown.get() {
        Shown::Ready | Shown::NoMatch => pages.has_toolbar.set(true),
        Shown::Empty => pages.has_toolbar.set(false),
        Shown::Loading | Shown::Failed => {}
    });
    let rows = move || match shown.get() {
        Shown::Loading => skeleton(section.loading),
        Shown::Failed => pages.load.failed(section.failed, move || spawn_local(pages.fetch())),
        Shown::Empty => empty(&section.empty),
        Shown::NoMatch => no_match(pages),
        Shown::Ready => view! { {untrack(section.rows)} {pager(pages, section.pager)} }.into_any(),
    };
    view! {
        {when(move || pages.has_toolbar.get(), move || untrack(section.toolbar))}
        {live(rows)}
    }
    .into_any()
}

fn empty(empty: &'static Empty) -> AnyView {
    let Empty { title, text, example } = *empty;
    let title = view! { <h2 class="empty-title">{title}</h2> }.into_any();
    if text.is_empty() {
        return view! { <div class="empty">{title}</div> }.into_any();
    }
    let command = curl::command("kw_...", &curl::origin(), example);
    view! {
        <div class="empty">
            {title}
            <p>{text}</p>
            <pre class="code" tabindex="0" aria-label="Example"><code>{command}</code></pre>
        </div>
    }
    .into_any()
}
