//! One entry of the log.

use keyward_api::audit::{AuditActor, AuditActorKind, AuditEntry, AuditOutcome};
use leptos::prelude::*;

use crate::components::breakable::breakable;
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::text::grouped;

pub fn row(entry: &AuditEntry) -> AnyView {
    let (class, picture, outcome) = match entry.outcome {
        AuditOutcome::Success => ("status status-active", Icon::Check, "Success"),
        AuditOutcome::Refused => ("status status-expired", Icon::Warning, "Refused"),
    };
    view! {
        <tr role="row">
            <td role="cell" class="cell-time" data-label="Time"><Instant at=entry.time short=Short::Second/></td>
            <td role="cell" class="cell-actor" data-label="Actor"><div>{actor(&entry.actor)}</div></td>
            <td role="cell" data-label="Action"><code>{entry.action.clone()}</code></td>
            <td role="cell" class="cell-target" data-label="Target">{or_none(entry.target.as_ref())}</td>
            <td role="cell" data-label="Outcome"><span class=class>{icon(picture)} {outcome}</span></td>
            <td role="cell" class="cell-address" data-label="Address">{or_none(entry.address.as_ref())}</td>
            <td role="cell" class="cell-more">{more(entry)}</td>
        </tr>
    }
    .into_any()
}

/// The kind of an actor in words.
const fn actor_kind(kind: AuditActorKind) -> &'static str {
    match kind {
        AuditActorKind::User => "User",
        AuditActorKind::Key => "API key",
        AuditActorKind::Command => "Command line",
        AuditActorKind::System => "The server",
        AuditActorKind::Anonymous => "Not signed in",
    }
}

fn actor(actor: &AuditActor) -> AnyView {
    let kind = actor_kind(actor.kind);
    match &actor.name {
        Some(name) => {
            view! { <span>{breakable(name)}</span> <span class="meta second-line">{kind}</span> }
                .into_any()
        }
        None => view! { <span>{kind}</span> }.into_any(),
    }
}

fn or_none(text: Option<&String>) -> AnyView {
    match text {
        Some(text) => view! { <code>{text.clone()}</code> }.into_any(),
        None => view! { <span class="quiet">"None"</span> }.into_any(),
    }
}

/// What is looked up rarely.
fn more(entry: &AuditEntry) -> AnyView {
    let part = |term: &'static str, text: Option<&String>| match text {
        Some(text) => view! { <dt>{term}</dt> <dd>{text.clone()}</dd> }.into_any(),
        None => ().into_any(),
    };
    let number = grouped(entry.seq);
    let label = format!("Details of entry {number}");
    view! {
        <details>
            <summary aria-label=label>"Details"</summary>
            <dl class="details">
                {part("Entry", Some(&number))}
                {part("Detail", entry.detail.as_ref())}
                {part("Request", entry.request_id.as_ref())}
                {part("Actor id", entry.actor.id.as_ref())}
            </dl>
        </details>
    }
    .into_any()
}
