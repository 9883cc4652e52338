//! The dialog that renames a key.

use std::sync::Arc;

use keyward_api::keys::{ApiKey, KeyName, UpdateApiKey};
use leptos::prelude::*;

use crate::client::Client;
use crate::components::field::{TextField, Typed};
use crate::components::form_dialog::SAVE;
use crate::keys::edit::Edit;
use crate::keys::form::{NAME, show_name_error};
use crate::text::quoted;

pub fn rename(client: Client, key: ApiKey) -> Edit {
    let Typed { text, error } = Typed::of(key.name.clone());
    Edit {
        title: format!("Rename {}", quoted(&key.name)),
        button: SAVE,
        fields: view! { <TextField label="Name" input=NAME value=text error/> }.into_any(),
        send: Arc::new(move || {
            let name = Some(Typed { text, error }.check(KeyName::try_from)?);
            let update = UpdateApiKey { name, ..UpdateApiKey::default() };
            Some(client.update_key(&key.id, &update))
        }),
        take_answer: |keys, body| {
            keys.changed(body, |key| format!("Renamed to {}", quoted(&key.name)))
        },
        show_refusal: Arc::new(move |failure| show_name_error(failure, error)),
    }
}
