//! What else may be done to a key. A native popover: Escape and a click elsewhere close
//! it, and the focus returns to its button.

use leptos::html;
use leptos::prelude::*;

use crate::components::field::unique_id;
use crate::components::icon::{Icon, icon};
use crate::keys::store::Keys;
use crate::keys::table::Editing;
use crate::once::memo;

/// The menu of one row.
#[component]
pub fn RowMenu(id: StoredValue<String>, name: Memo<String>) -> impl IntoView {
    let keys: Keys = expect_context();
    let editing = keys.editing;
    let menu = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let menu_id = unique_id();
    let is_enabled = memo(move || keys.get(&id.read_value()).is_some_and(|key| key.enabled));

    // First the popover gives the focus back to its button, so that a dialog that is
    // opened next returns it there, too.
    let leave_menu = move || {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.hide_popover();
        }
        if let Some(trigger) = trigger.get_untracked() {
            let _ = trigger.focus();
        }
    };
    let edit = move |what: fn(_) -> Editing| {
        move |_| {
            leave_menu();
            editing.set(untrack(|| keys.get(&id.read_value())).map(what));
        }
    };
    let toggle = move |_| {
        leave_menu();
        if let Some(key) = untrack(|| keys.get(&id.read_value())) {
            let enabled = !key.enabled;
            keys.set_enabled(key, enabled);
        }
    };
    view! {
        <button
            type="button"
            class="button button-quiet button-icon"
            aria-label=move || format!("Actions for {}", name.get())
            popovertarget=menu_id.clone()
            node_ref=trigger
        >
            {icon(Icon::Dots)}
        </button>
        <div class="menu" id=menu_id popover="auto" node_ref=menu>
            <button type="button" on:click=edit(Editing::Name)>"Rename"</button>
            <button type="button" on:click=toggle>
                {move || if is_enabled.get() { "Disable" } else { "Enable" }}
            </button>
            <button type="button" on:click=edit(Editing::Expiry)>"Change expiry"</button>
        </div>
    }
}
