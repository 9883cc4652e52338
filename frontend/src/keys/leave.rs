//! Not losing a key that was shown once and not copied.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::components::dialog::{Dialog, close};
use crate::context::{Context, context};
use crate::erased::when;
use crate::focus::focus_content;
use crate::keys::new_keys::NewKeys;
use crate::location::Navigate;

/// The attribute of a link to a page of a list: the way back from there.
pub const TRAIL: &str = "data-trail";

/// Asks before the person leaves a key behind.
#[derive(Clone, Copy)]
pub struct LeaveGuard {
    new_keys: NewKeys,
    /// What the person wanted to do.
    wanted: RwSignal<Option<UnsyncCallback<()>>>,
}

impl LeaveGuard {
    /// Warns when the window is closed or reloaded, too.
    pub fn new(new_keys: NewKeys) -> Self {
        window_event_listener(ev::beforeunload, move |event| {
            if new_keys.would_be_lost() {
                event.prevent_default();
                // Older browsers go by the return value; none shows the text.
                event.set_return_value("uncopied key");
            }
        });
        Self { new_keys, wanted: RwSignal::new(None) }
    }

    /// Does `action` at once when nothing would be lost, else after the person agreed.
    pub fn leave(self, action: impl Fn() + 'static) {
        if self.new_keys.would_be_lost() {
            self.wanted.set(Some(UnsyncCallback::new(move |()| action())));
        } else {
            action();
        }
    }
}

/// Follows links to other pages of this site without loading anything anew, unless a key
/// would be lost.
pub fn follow_links() {
    let Context { location, guard, .. } = context();
    window_event_listener(ev::click, move |event| {
        let opens_elsewhere =
            event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
        if event.default_prevented() || event.button() != 0 || opens_elsewhere {
            return;
        }
        let Some(link) = link_of(&event).filter(is_of_this_site) else { return };
        event.prevent_default();
        let href = link.pathname() + &link.search();
        let stays = link.pathname() == *location.path.read_untracked();
        if stays || !guard.new_keys.would_be_lost() {
            let trail = link.get_attribute(TRAIL);
            location.navigate_along(&href, Navigate::Push, trail.as_deref().unwrap_or_default());
            if trail.is_some() {
                // The link is drawn again for the page it leads to, and would take the focus
                // with it.
                focus_content();
            }
        } else {
            guard.leave(move || {
                guard.new_keys.clear();
                location.navigate(&href, Navigate::Push);
            });
        }
    });
}

/// A download and an answer of the API are for the browser.
fn is_of_this_site(link: &web_sys::HtmlAnchorElement) -> bool {
    let is_page = !link.has_attribute("download") && !link.pathname().starts_with("/api/");
    is_page && link.target().is_empty() && location().origin() == Ok(link.origin())
}

fn link_of(event: &ev::MouseEvent) -> Option<web_sys::HtmlAnchorElement> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    element.closest("a[href]").ok()??.dyn_into().ok()
}

/// The question.
#[component]
pub fn LeaveDialog() -> impl IntoView {
    let guard = context().guard;
    let dialog = NodeRef::<html::Dialog>::new();
    let leave = move |_| {
        let wanted = guard.wanted.get_untracked();
        close(dialog);
        if let Some(wanted) = wanted {
            wanted.run(());
        }
    };
    when(
        move || guard.wanted.read().is_some(),
        move || {
            view! {
            <Dialog title="Leave without the API key?".to_owned() node_ref=dialog on_close=move |()| guard.wanted.set(None)>
                <p>"A new API key has not been copied. You won't be able to see it again."</p>
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Stay"</button>
                    <button type="button" class="button button-danger" on:click=leave>"Leave anyway"</button>
                </div>
            </Dialog>
        }
        .into_any()
        },
    )
}
