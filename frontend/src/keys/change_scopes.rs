//! The dialog that changes what a key may do.

use std::sync::Arc;

use keyward_api::keys::{ApiKey, UpdateApiKey};
use leptos::prelude::*;

use crate::client::Client;
use crate::components::form_dialog::SAVE;
use crate::keys::edit::Edit;
use crate::keys::scope_fields::{ScopeChoice, ScopeFields};
use crate::text::quoted;

pub fn change_scopes(client: Client, key: ApiKey) -> Edit {
    let choice = ScopeChoice::of(&key.scopes, client.session);
    Edit {
        title: format!("Change scopes of {}", quoted(&key.name)),
        button: SAVE,
        fields: view! { <ScopeFields choice/> }.into_any(),
        send: Arc::new(move || {
            let scopes = Some(choice.resolve()?);
            let update = UpdateApiKey { scopes, ..UpdateApiKey::default() };
            Some(client.update_key(&key.id, &update))
        }),
        take_answer: |keys, body| {
            keys.changed(body, |key| format!("Scopes of {} changed", quoted(&key.name)))
        },
        show_refusal: Arc::new(move |failure| failure.show_at(&[("scopes", choice.error)])),
    }
}
