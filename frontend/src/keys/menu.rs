//! What else may be done to a key. A native popover: Escape and a click elsewhere close
//! it, and the focus returns to its button.

use keyward_api::keys::ApiKey;
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::erased::{memo, when};
use crate::ids::unique_id;
use crate::keys::buttons::menu_button;
use crate::keys::store::{DialogRequest, Keys};

#[component]
pub fn RowMenu(
    id: StoredValue<String>,
    name: Memo<String>,
    /// Whether the key that was replaced still works.
    has_overlap: Memo<bool>,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let menu = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let menu_id = unique_id();
    let is_enabled = memo(move || keys.get(&id.read_value()).is_some_and(|key| key.enabled));

    // First the popover returns the focus to its button, so that the dialog returns it there, too.
    let leave_menu = move || {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.hide_popover();
        }
        if let Some(trigger) = trigger.get_untracked() {
            let _ = trigger.focus();
        }
    };
    let item = move |says: AnyView, run: fn(Keys, ApiKey)| {
        let choose = move |_| {
            leave_menu();
            if let Some(key) = untrack(|| keys.get(&id.read_value())) {
                run(keys, key);
            }
        };
        view! { <button type="button" on:click=choose>{says}</button> }.into_any()
    };
    let toggle = move || if is_enabled.get() { "Disable" } else { "Enable" };
    let end = move || item("End overlap now".into_any(), |keys, key| keys.end_overlap(&key));
    view! {
        <button
            type="button"
            class="button button-quiet button-icon"
            id=menu_button(&id.read_value())
            aria-label=move || format!("Actions for {}", name.get())
            popovertarget=menu_id.clone()
            node_ref=trigger
        >
            {icon(Icon::Dots)}
        </button>
        <div class="menu" id=menu_id popover="auto" node_ref=menu>
            {item("Rename".into_any(), |keys, key| keys.request_dialog(DialogRequest::Rename(key)))}
            {item(toggle.into_any(), |keys, key| keys.set_enabled(&key, !key.enabled))}
            {item("Change expiry".into_any(), |keys, key| keys.request_dialog(DialogRequest::ChangeExpiry(key)))}
            {item("Change limits".into_any(), |keys, key| keys.request_dialog(DialogRequest::ChangeLimits(key)))}
            {item("Rotate".into_any(), |keys, key| keys.request_dialog(DialogRequest::Rotate(key)))}
            {when(move || has_overlap.get(), end)}
        </div>
    }
}
