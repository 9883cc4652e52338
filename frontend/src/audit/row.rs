//! One entry of the log: a line, and what is looked up rarely as a row beneath it.

use keyward_api::audit::{AuditEntry, AuditOutcome};
use leptos::prelude::*;

use crate::audit::sentence::{Sentence, sentence};
use crate::clock;
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::erased::when;
use crate::ids::unique_id;
use crate::text::grouped;

pub fn row(entry: &AuditEntry) -> AnyView {
    let Sentence { who, verb, target } = sentence(entry);
    let target = target.map(|target| view! { " " <code>{target}</code> }.into_any());
    let refused = (entry.outcome == AuditOutcome::Refused).then(|| {
        view! { <span class="status status-expired">{icon(Icon::Warning)} "Refused"</span> }
            .into_any()
    });
    let detail = entry.detail.clone();
    let detail = detail.map(|text| view! { <span class="entry-detail">{text}</span> }.into_any());
    let is_open = RwSignal::new(false);
    let id = StoredValue::new(unique_id());
    let label = format!("Details of entry {}", grouped(entry.seq));
    let details = entry.clone();
    view! {
        <tr role="row" class="entry">
            <td role="cell" class="cell-time">
                <Instant at=entry.time short=Short::Second is_tab_stop=false/>
            </td>
            <td role="cell" class="cell-entry">
                <div class="entry-line">
                    <p class="entry-sentence"><b>{who}</b> " " {verb} {target}</p>
                    {refused}
                    {detail}
                </div>
            </td>
            <td role="cell" class="cell-address">{entry.address.clone()}</td>
            <td role="cell" class="cell-more">
                <button
                    type="button"
                    class="button button-quiet button-small"
                    aria-label=label
                    aria-expanded=move || is_open.get().to_string()
                    aria-controls=move || is_open.get().then(|| id.get_value())
                    on:click=move |_| is_open.update(|open| *open = !*open)
                >
                    "Details"
                </button>
            </td>
        </tr>
        {when(move || is_open.get(), move || more(&details, id.get_value()))}
    }
    .into_any()
}

fn more(entry: &AuditEntry, id: String) -> AnyView {
    let part = |term: &'static str, text: Option<String>| match text {
        Some(text) => view! { <div><dt>{term}</dt> <dd>{text}</dd></div> }.into_any(),
        None => ().into_any(),
    };
    view! {
        <tr role="row" class="entry-more" id=id>
            <td role="cell" colspan="4">
                <dl class="details">
                    {part("Entry", Some(grouped(entry.seq)))}
                    {part("Time", Some(clock::exact(clock::local(entry.time))))}
                    {part("Action", Some(entry.action.clone()))}
                    {part("Target", entry.target.clone())}
                    {part("Actor id", entry.actor.id.clone())}
                    {part("Address", entry.address.clone())}
                    {part("Request", entry.request_id.clone())}
                    {part("Detail", entry.detail.clone())}
                </dl>
            </td>
        </tr>
    }
    .into_any()
}
