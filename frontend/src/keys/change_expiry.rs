//! The dialog that changes when a key expires.

use keyward_api::keys::{ApiKey, UpdateApiKey};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::dialog::{Dialog, SaveButtons, close};
use crate::components::problem::FormError;
use crate::keys::expiry_fields::{ExpiryChoice, ExpiryFields};
use crate::keys::store::Keys;

/// The dialog.
#[component]
pub fn ChangeExpiry(
    key: ApiKey,
    dialog: NodeRef<html::Dialog>,
    #[prop(into)] on_close: Callback<()>,
) -> impl IntoView {
    let keys: Keys = expect_context();
    let id = StoredValue::new(key.id);
    let choice = ExpiryChoice::of(key.expires_at);
    let form_error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let save = move |event: SubmitEvent| {
        event.prevent_default();
        let (Ok(end), false) = (choice.resolve(), is_busy.get_untracked()) else { return };
        is_busy.set(true);
        let update = UpdateApiKey { expires_at: Some(end), ..UpdateApiKey::default() };
        spawn_local(async move {
            let done = |key: &ApiKey| format!("Expiry of \u{201c}{}\u{201d} changed", key.name);
            match keys.change(&id.get_value(), &update, done).await {
                Ok(()) => close(dialog),
                Err(error) => {
                    let sentence = error.field("expiresAt").map(str::to_owned);
                    let is_placed = sentence.is_some();
                    choice.error.try_set(sentence);
                    form_error.try_set((!is_placed).then(|| error.full_message()));
                }
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <Dialog title=format!("Change expiry of \u{201c}{}\u{201d}", key.name) node_ref=dialog on_close>
            <form novalidate on:submit=save>
                <FormError error=form_error/>
                <ExpiryFields choice/>
                <SaveButtons is_busy dialog/>
            </form>
        </Dialog>
    }
}
