//! Links of this site change the page without loading it again.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::context::Context;
use crate::focus::focus_content;
use crate::location::Navigate;
use crate::routes;

/// The trail of a link to a page of a list, see [`crate::history`].
const TRAIL: &str = "data-trail";

pub fn follow_links(context: Context) {
    let Context { location, one_time, guard, .. } = context;
    window_event_listener(ev::click, move |event| {
        if event.default_prevented() || opens_elsewhere(&event) {
            return;
        }
        let Some(link) = link_of(&event).filter(is_of_this_site) else { return };
        event.prevent_default();
        let href = link.pathname() + &link.search();
        let stays = link.pathname() == *location.path.read_untracked();
        if stays || !one_time.would_be_lost() {
            let trail = link.get_attribute(TRAIL);
            location.navigate_along(&href, Navigate::Push, trail.as_deref().unwrap_or_default());
            if trail.is_some() {
                // The link is drawn again for the next page, which would lose the focus.
                focus_content();
            }
        } else {
            guard.leave(move || {
                one_time.clear();
                location.navigate(&href, Navigate::Push);
            });
        }
    });
}

/// Whether the click asks for a new tab or window.
pub fn opens_elsewhere(event: &ev::MouseEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
    has_modifier || event.button() != 0
}

/// The browser handles downloads, answers of the API and documents.
fn is_of_this_site(link: &web_sys::HtmlAnchorElement) -> bool {
    let path = link.pathname();
    let is_elsewhere = ["/api/", routes::DOCS].iter().any(|folder| path.starts_with(folder));
    let is_page = !link.has_attribute("download") && !is_elsewhere;
    is_page && link.target().is_empty() && location().origin() == Ok(link.origin())
}

fn link_of(event: &ev::MouseEvent) -> Option<web_sys::HtmlAnchorElement> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    element.closest("a[href]").ok()??.dyn_into().ok()
}
