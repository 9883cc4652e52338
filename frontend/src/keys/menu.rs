//! What else may be done to a key. A native popover: Escape and a click elsewhere close
//! it, and the focus returns to its button.

use keyward_api::keys::ApiKey;
use leptos::html;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::erased::{memo, when};
use crate::ids::unique_id;
use crate::keys::buttons::menu_button;
use crate::keys::rights::ONLY_ADMIN;
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
    let is_off = memo(move || keys.get(&id.read_value()).is_some_and(|key| !keys.may_change(&key)));
    let note_id = unique_id();
    let described_by = note_id.clone();
    // Disabled with the reason above all of them; disabling the key itself is any editor's.
    let item = move |says: AnyView, is_for_all: bool, run: fn(Keys, ApiKey)| {
        let is_off = move || is_off.get() && !(is_for_all && is_enabled.get());
        let described_by = described_by.clone();
        let choose = move |_| {
            if untrack(is_off) {
                return;
            }
            leave_menu();
            if let Some(key) = untrack(|| keys.get(&id.read_value())) {
                run(keys, key);
            }
        };
        view! {
            <button
                type="button"
                aria-disabled=move || is_off().then_some("true")
                aria-describedby=move || is_off().then(|| described_by.clone())
                on:click=choose
            >
                {says}
            </button>
        }
        .into_any()
    };
    let toggle = move || if is_enabled.get() { "Disable" } else { "Enable" };
    let [rename, change_state, change_expiry, change_scopes, change_limits, rotate] = [
        item("Rename".into_any(), false, |keys, key| {
            keys.request_dialog(DialogRequest::Rename(key));
        }),
        item(toggle.into_any(), true, |keys, key| keys.set_enabled(&key, !key.enabled)),
        item("Change expiry".into_any(), false, |keys, key| {
            keys.request_dialog(DialogRequest::ChangeExpiry(key));
        }),
        item("Change scopes".into_any(), false, |keys, key| {
            keys.request_dialog(DialogRequest::ChangeScopes(key));
        }),
        item("Change limits".into_any(), false, |keys, key| {
            keys.request_dialog(DialogRequest::ChangeLimits(key));
        }),
        item("Rotate".into_any(), false, |keys, key| {
            keys.request_dialog(DialogRequest::Rotate(key));
        }),
    ];
    let end = move || {
        let run = move |_| {
            leave_menu();
            if let Some(key) = untrack(|| keys.get(&id.read_value())) {
                keys.end_overlap(&key);
            }
        };
        view! { <button type="button" on:click=run>"End overlap now"</button> }.into_any()
    };
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
            {when(move || is_off.get(), move || {
                let id = note_id.clone();
                view! { <p class="menu-note" id=id>{ONLY_ADMIN}</p> }.into_any()
            })}
            {rename} {change_state} {change_expiry} {change_scopes} {change_limits} {rotate}
            {when(move || has_overlap.get(), end)}
        </div>
    }
}
