//! The dialog that changes when a key expires.

use std::sync::Arc;

use keyward_api::keys::{ApiKey, UpdateApiKey};
use leptos::prelude::*;

use crate::client::Client;
use crate::components::form_dialog::SAVE;
use crate::keys::edit::Edit;
use crate::keys::expiry_fields::{ExpiryChoice, ExpiryFields};
use crate::text::quoted;

pub fn change_expiry(client: Client, key: ApiKey) -> Edit {
    let choice = ExpiryChoice::of(key.expires_at);
    Edit {
        title: format!("Change expiry of {}", quoted(&key.name)),
        button: SAVE,
        fields: view! { <ExpiryFields choice/> }.into_any(),
        send: Arc::new(move || {
            let expires_at = Some(choice.resolve().ok()?);
            let update = UpdateApiKey { expires_at, ..UpdateApiKey::default() };
            Some(client.update_key(&key.id, &update))
        }),
        take_answer: |keys, body| {
            keys.changed(body, |key| format!("Expiry of {} changed", quoted(&key.name)))
        },
        show_refusal: Arc::new(move |failure| failure.show_at(&[("expiresAt", choice.error)])),
    }
}
