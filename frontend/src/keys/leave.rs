//! Not losing a key that was shown once and not copied.

use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate};
use wasm_bindgen::JsCast as _;

use crate::components::dialog::{Dialog, close};
use crate::keys::new_keys::NewKeys;

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

/// Holds back clicks on links to other pages. To be called in the capture phase, before
/// the router sees the click.
pub fn hold_links() -> impl Fn(ev::MouseEvent) + 'static {
    let guard: LeaveGuard = expect_context();
    let (navigate, here) = (use_navigate(), use_location());
    move |event| {
        let opens_elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key();
        let Some(link) = link_of(&event).filter(|_| !opens_elsewhere) else { return };
        let stays = link.pathname() == here.pathname.get_untracked();
        if !stays && guard.new_keys.would_be_lost() {
            event.prevent_default();
            let (navigate, href) = (navigate.clone(), link.pathname() + &link.search());
            guard.leave(move || {
                guard.new_keys.clear();
                navigate(&href, leptos_router::NavigateOptions::default());
            });
        }
    }
}

fn link_of(event: &ev::MouseEvent) -> Option<web_sys::HtmlAnchorElement> {
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    element.closest("a[href]").ok()??.dyn_into().ok()
}

/// The question.
#[component]
pub fn LeaveDialog() -> impl IntoView {
    let guard: LeaveGuard = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let leave = move |_| {
        let wanted = guard.wanted.get_untracked();
        close(dialog);
        if let Some(wanted) = wanted {
            wanted.run(());
        }
    };
    view! {
        <Show when=move || guard.wanted.read().is_some()>
            <Dialog title="Leave without the API key?".to_owned() node_ref=dialog on_close=move |()| guard.wanted.set(None)>
                <p>"A new API key has not been copied. You won't be able to see it again."</p>
                <div class="dialog-buttons">
                    <button type="button" class="button" on:click=move |_| close(dialog)>"Stay"</button>
                    <button type="button" class="button button-danger" on:click=leave>"Leave anyway"</button>
                </div>
            </Dialog>
        </Show>
    }
}
