//! What ends a key, for a while or for good, each with what it means.

use keyward_api::keys::ApiKey;
use leptos::prelude::*;

use crate::components::action::{Action, action};
use crate::erased::{live, memo, when};
use crate::keys::delete::DeleteButton;
use crate::keys::store::{DialogRequest, Keys};

const BUTTON: &str = "delete-opened";

pub fn revoke(keys: Keys, key: Memo<Option<ApiKey>>) -> AnyView {
    let is_readable = move || key.read().as_ref().is_some_and(|key| !key.unreadable);
    let is_enabled = memo(move || key.read().as_ref().is_some_and(|key| key.enabled));
    let id = memo(move || key.get().map(|key| key.id).unwrap_or_default());
    let name = memo(move || key.get().map(|key| key.name).unwrap_or_default());
    let may_change = memo(move || key.read().as_ref().is_some_and(|key| keys.may_change(key)));
    let may_toggle = move || is_readable() && (may_change.get() || is_enabled.get());
    let rotate = move || {
        let button = Action { says: "Rotate", label: "Rotate".to_owned(), ..Action::default() };
        let rotate = action(button, move || {
            keys.dialog_request.set(key.get_untracked().map(DialogRequest::Rotate));
        });
        item(
            rotate,
            "A new key is made. The old one works beside it for as long as you choose.".into_any(),
        )
    };
    let toggle = move || {
        let says = move || if is_enabled.get() { "Disable" } else { "Enable" };
        let means = move || {
            if is_enabled.get() {
                "Programs that use it get 401 until it is enabled again."
            } else {
                "Programs that use it are accepted again."
            }
        };
        let run = move |_| {
            if let Some(key) = key.get_untracked() {
                keys.set_enabled(&key, !key.enabled);
            }
        };
        let button = view! {
            <button type="button" class="button button-small" on:click=run>{says}</button>
        };
        item(button.into_any(), means.into_any())
    };
    let delete = move || {
        let id = StoredValue::new(id.get());
        let button = view! { <DeleteButton id name button=BUTTON.to_owned()/> };
        item(button.into_any(), "Programs that use it get 401. This cannot be undone.".into_any())
    };
    view! {
        <h3>"Replace or revoke"</h3>
        <ul class="key-revoke">
            {when(move || is_readable() && may_change.get(), rotate)}
            {when(may_toggle, toggle)}
            {live(delete)}
        </ul>
    }
    .into_any()
}

fn item(button: AnyView, means: AnyView) -> AnyView {
    view! { <li>{button} <p class="hint">{means}</p></li> }.into_any()
}
