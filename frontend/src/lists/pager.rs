//! The way from one page of a list to another. Each has its address, so that it can be
//! opened elsewhere, reloaded, and returned to with the back button.

use leptos::prelude::*;

use crate::erased::{live, when};
use crate::history::last_of;
use crate::lists::listing::extent;
use crate::lists::store::Pages;

/// The labels of the links, for most lists.
pub const LABELS: [&str; 3] = ["First", "Previous", "Next"];

/// The page that a link leads to.
struct Target {
    address: String,
    trail: String,
}

/// Empty while there is one page.
pub fn pager(pages: Pages, words: [&'static str; 3]) -> AnyView {
    let targets: [fn(Pages) -> Option<Target>; 3] = [first, previous, following];
    let links = move || {
        let links = words.into_iter().zip(targets);
        links.map(|(says, target)| link(says, target(pages))).collect_view().into_any()
    };
    when(
        move || !pages.next.read().is_empty() || !pages.cursor().is_empty(),
        move || {
            view! {
                <nav class="pager" aria-label="Pages">
                    <p aria-live="polite">{move || shown(pages)}</p>
                    <div class="pager-links">{live(links)}</div>
                </nav>
            }
            .into_any()
        },
    )
}

fn link(says: &'static str, target: Option<Target>) -> AnyView {
    match target {
        Some(Target { address, trail }) => view! {
            <a class="button" href=address data-trail=trail>{says}</a>
        }
        .into_any(),
        None => view! { <button type="button" class="button" disabled>{says}</button> }.into_any(),
    }
}

/// `1 to 100 of 98 431`. A row that was put above the others does not count.
fn shown(pages: Pages) -> String {
    let rows = (pages.ids.read().len() as u64).min(pages.listing.limit);
    extent(pages.start.get().unwrap_or(1), rows, pages.total.get())
}

fn first(pages: Pages) -> Option<Target> {
    let is_elsewhere = !pages.cursor().is_empty();
    is_elsewhere.then(|| Target { address: pages.address("", 1), trail: String::new() })
}

/// None for an address that was opened elsewhere: its trail is unknown.
fn previous(pages: Pages) -> Option<Target> {
    let trail = pages.context.location.entry.trail.read();
    let (cursor, before) = last_of(&trail)?;
    let start = pages.first_row().saturating_sub(pages.listing.limit).max(1);
    Some(Target { address: pages.address(cursor, start), trail: before.to_owned() })
}

fn following(pages: Pages) -> Option<Target> {
    let next = pages.next.read();
    let trail = format!("{}{} ", pages.context.location.entry.trail.read(), pages.cursor());
    let start = pages.first_row() + pages.listing.limit;
    (!next.is_empty()).then(|| Target { address: pages.address(&next, start), trail })
}
