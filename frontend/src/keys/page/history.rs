//! The last entries of the audit log about the key, by its present name.

use keyward_api::audit::{Action, AuditEntry, AuditOutcome};
use keyward_api::keys::ApiKey;
use keyward_api::paths;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::time::{Instant, Short};
use crate::erased::{effect, live, memo};
use crate::http::Body;
use crate::keys::store::Keys;
use crate::load::{Load, Shown};
use crate::query::with_query;
use crate::routes;

const SHOWN: usize = 5;
/// The log is searched for a part of the name, so other keys are among the entries.
const FETCHED: &str = "50";

pub fn history(keys: Keys, key: Memo<Option<ApiKey>>) -> AnyView {
    let name = memo(move || key.get().map(|key| key.name).unwrap_or_default());
    let (entries, load) = (RwSignal::new(Vec::<AuditEntry>::new()), Load::new());
    let fetch = move || {
        let name = name.get_untracked();
        let path = query(paths::AUDIT, &name, FETCHED);
        load.begin();
        spawn_local(async move {
            let answer = keys.client().audit(&path).await.and_then(Body::data);
            load.end(answer.map(|all: Vec<AuditEntry>| {
                let about = all.into_iter().filter(|entry| entry.target.as_ref() == Some(&name));
                entries.try_set(about.take(SHOWN).collect());
            }));
        });
    };
    // A change of the key is a new entry.
    effect(move || {
        if key.read().is_some() {
            fetch();
        }
    });
    let shown = load.shown(move || entries.read().is_empty(), || true);
    let list = move || match shown.get() {
        Shown::Loading => view! { <div class="skeleton" aria-hidden="true"></div> }.into_any(),
        Shown::Failed => load.failed("The audit entries could not be loaded", fetch),
        Shown::Empty => view! { <p class="hint">"No entry is kept."</p> }.into_any(),
        _ => {
            let lines = move || entries.read().iter().map(line).collect_view().into_any();
            view! { <ul class="key-history" aria-label="Audit">{live(lines)}</ul> }.into_any()
        }
    };
    let all = move || query(routes::AUDIT, &name.get(), "");
    view! {
        <h3>"Audit"</h3>
        {live(list)}
        <p><a href=all>"All entries about this name"</a></p>
    }
    .into_any()
}

fn query(path: &str, name: &str, limit: &str) -> String {
    with_query(path, &[("action", "key"), ("target", name), ("limit", limit)])
}

/// `Created by ada@example.com`, and when.
fn line(entry: &AuditEntry) -> AnyView {
    let did = words(&entry.action);
    let by = entry.actor.name.as_ref().map(|name| format!(" by {name}"));
    let refused = (entry.outcome == AuditOutcome::Refused).then_some(" (refused)");
    let detail = entry.detail.clone().map(|text| view! { <span class="meta">{text}</span> });
    view! {
        <li>
            <p>{did} {by} {refused}</p>
            <p class="meta"><Instant at=entry.time short=Short::Second is_tab_stop=false/></p>
            {detail}
        </li>
    }
    .into_any()
}

/// An action that is not known is shown as it is.
fn words(action: &str) -> String {
    let known = [
        (Action::KeyCreate, "Created"),
        (Action::KeyUpdate, "Changed"),
        (Action::KeyRotate, "Rotated"),
        (Action::KeyRetire, "Overlap ended"),
        (Action::KeyDelete, "Deleted"),
    ];
    let known = known.iter().find(|(known, _)| known.as_str() == action);
    known.map_or_else(|| action.to_owned(), |(_, says)| (*says).to_owned())
}
