//! What else may be done to a row. A native popover: Escape and a click elsewhere close it, and
//! the focus returns to its button.

use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::ids::unique_id;

pub struct Item {
    pub says: &'static str,
    pub run: Callback<()>,
    /// Whether it does nothing, for the reason in the note of the menu.
    pub is_off: bool,
}

/// `id` is that of the button; `note` says why items are off, empty for none.
pub fn menu(id: String, label: String, note: &'static str, items: Vec<Item>) -> AnyView {
    let menu = NodeRef::<html::Div>::new();
    let trigger = NodeRef::<html::Button>::new();
    let menu_id = unique_id();
    // First the popover returns the focus to its button, so that a dialog returns it there, too.
    let leave_menu = move || {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.hide_popover();
        }
        if let Some(trigger) = trigger.get_untracked() {
            let _ = trigger.focus();
        }
    };
    let note_id = format!("{menu_id}-note");
    let note = (!note.is_empty()).then(|| {
        let id = note_id.clone();
        view! { <p class="menu-note" id=id>{note}</p> }.into_any()
    });
    let item = move |Item { says, run, is_off }: Item| {
        let choose = move |_| {
            if is_off {
                return;
            }
            leave_menu();
            run.run(());
        };
        let described_by = is_off.then(|| note_id.clone());
        view! {
            <button
                type="button"
                aria-disabled=is_off.then_some("true")
                aria-describedby=described_by
                on:click=choose
            >
                {says}
            </button>
        }
        .into_any()
    };
    view! {
        <button
            type="button"
            class="button button-quiet button-icon"
            id=id
            aria-label=label
            popovertarget=menu_id.clone()
            node_ref=trigger
        >
            {icon(Icon::Dots)}
        </button>
        <div class="menu" id=menu_id popover="auto" node_ref=menu>
            {note}
            {items.into_iter().map(item).collect_view()}
        </div>
    }
    .into_any()
}
