//! What is said about the key that was replaced, as long as it works.

use keyward_api::keys::ApiKey;
use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::action::{Action, action};
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::keys::cells::shortened;
use crate::keys::store::Keys;

/// Until when the old key works, when it was last used, and how to end it.
pub fn overlap_note(key: &ApiKey) -> AnyView {
    let Some(old) = &key.overlap else { return ().into_any() };
    let keys: Keys = expect_context();
    let works = if key.enabled { " works until " } else { " would work until " };
    let used = match old.last_used_at {
        Some(at) => view! { ", last used " <Instant at short=Short::Relative is_tab_stop=false/> }
            .into_any(),
        None => ", not used yet".into_any(),
    };
    let label = format!("End overlap now for {}", key.name);
    let end = Action { says: "End overlap now", label, ..Action::default() };
    let key = key.clone();
    view! {
        <div class="overlap-note">
            {icon(Icon::Clock)}
            <p>
                "Old key " {shortened(&old.prefix)} {works}
                <Instant at=old.ends_at short=Short::Second is_tab_stop=false/> {used}
            </p>
            {untrack(|| keys.may(Role::Editor)).then(|| action(end, move || keys.end_overlap(&key)))}
        </div>
    }
    .into_any()
}
