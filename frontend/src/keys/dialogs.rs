//! The dialog that is asked for.

use leptos::html;
use leptos::prelude::*;

use crate::erased::live;
use crate::keys::change_expiry::change_expiry;
use crate::keys::change_limits::change_limits;
use crate::keys::change_scopes::change_scopes;
use crate::keys::edit::EditDialog;
use crate::keys::rename::rename;
use crate::keys::rotate::rotate;
use crate::keys::store::{DialogRequest, Keys};

pub fn dialog() -> AnyView {
    let keys: Keys = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| keys.dialog_request.set(None));
    live(move || {
        let client = keys.client();
        let edit = match keys.dialog_request.get() {
            None => return ().into_any(),
            Some(DialogRequest::Rename(key)) => rename(client, key),
            Some(DialogRequest::ChangeExpiry(key)) => change_expiry(client, key),
            Some(DialogRequest::ChangeScopes(key)) => change_scopes(client, key),
            Some(DialogRequest::ChangeLimits(key)) => change_limits(client, key),
            Some(DialogRequest::Rotate(key)) => rotate(client, key),
        };
        view! { <EditDialog edit dialog on_close/> }.into_any()
    })
}
