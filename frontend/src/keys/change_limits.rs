//! The dialog that changes how often a key is accepted, and from where.

use std::sync::Arc;

use keyward_api::keys::{ApiKey, UpdateApiKey};

use crate::client::Client;
use crate::components::form_dialog::SAVE;
use crate::keys::edit::Edit;
use crate::keys::limit_fields::{LimitChoice, fields};
use crate::keys::limits::Limits;
use crate::text::quoted;

pub fn change_limits(client: Client, key: ApiKey) -> Edit {
    let choice = LimitChoice::of(Limits::of(&key));
    Edit {
        title: format!("Change limits of {}", quoted(&key.name)),
        button: SAVE,
        fields: fields(choice),
        send: Arc::new(move || {
            let Limits { rate, networks } = choice.resolve()?;
            let update = UpdateApiKey {
                rate_limit: Some(rate),
                allowed_networks: Some(networks),
                ..UpdateApiKey::default()
            };
            Some(client.update_key(&key.id, &update))
        }),
        take_answer: |keys, body| {
            keys.changed(body, |key| format!("Limits of {} changed", quoted(&key.name)))
        },
        show_refusal: Arc::new(move |failure| choice.show(failure)),
    }
}
