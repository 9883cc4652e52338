//! The dialog that replaces a key by a new one.

use std::sync::Arc;

use keyward_api::keys::{ApiKey, RotateApiKey};
use keyward_api::limits::GraceSeconds;
use leptos::prelude::*;

use crate::client::Client;
use crate::clock;
use crate::components::select::select;
use crate::keys::cells::shortened;
use crate::keys::changes::ROTATED;
use crate::keys::edit::Edit;
use crate::keys::status::overlap_at;

use crate::text::quoted;

/// Grace periods, in seconds and in words.
const GRACES: [(&str, &str); 5] = [
    ("0", "No time: refuse it now"),
    ("900", "15 minutes"),
    ("3600", "1 hour"),
    ("21600", "6 hours"),
    (A_DAY, "24 hours"),
];
const A_DAY: &str = "86400";

pub fn rotate(client: Client, key: ApiKey) -> Edit {
    let grace = RwSignal::new(A_DAY.to_owned());
    let older = overlap_at(&key, clock::read()).map(|overlap| {
        let prefix = shortened(&overlap.prefix);
        view! {
            <li>"Two keys work at present. The older one, " {prefix} ", stops working at once."</li>
        }
        .into_any()
    });
    let lines = GRACES.map(|(seconds, says)| (seconds.to_owned(), says.to_owned()));
    let fields = view! {
        <ul class="points">
            <li>"A new key is made and shown once. Give it to every program that has the old one."</li>
            <li>"Name, id, scopes and limits stay as they are."</li>
            {older}
        </ul>
        {select("The old key works for", lines.into(), grace)}
    };
    Edit {
        title: format!("Rotate {}", quoted(&key.name)),
        button: ["Rotate", "Rotating..."],
        fields: fields.into_any(),
        send: Arc::new(move || {
            let grace_seconds = GraceSeconds::try_from(grace.get_untracked()).ok()?;
            Some(client.rotate_key(&key.id, &RotateApiKey { grace_seconds }))
        }),
        take_answer: |keys, body| keys.rotated(body, ROTATED),
        show_refusal: Arc::new(|_| false),
    }
}
