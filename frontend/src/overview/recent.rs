//! The last changes.

use keyward_api::audit::AuditEntry;
use leptos::prelude::*;

use crate::audit::sentence::{Sentence, sentence};
use crate::components::time::{Instant, Short};
use crate::erased::live;
use crate::overview::store::OverviewStore;
use crate::routes;

pub fn recent(store: OverviewStore) -> AnyView {
    let entries = store.part(|overview| overview.recent.clone());
    let list = live(move || {
        let entries = entries.get();
        if entries.is_empty() {
            return view! { <p class="quiet">"Nothing was changed yet."</p> }.into_any();
        }
        view! { <ul class="recent">{entries.iter().map(line).collect_view()}</ul> }.into_any()
    });
    view! {
        <section aria-labelledby="recent-title">
            <h2 id="recent-title">"Last changes"</h2>
            {list}
            <p><a href=routes::AUDIT>"Open the audit log"</a></p>
        </section>
    }
    .into_any()
}

fn line(entry: &AuditEntry) -> AnyView {
    let Sentence { who, verb, target } = sentence(entry);
    view! {
        <li>
            <span>{who} " " {verb} " " {target.map(|target| view! { <strong>{target}</strong> })}</span>
            <span class="quiet"><Instant at=entry.time short=Short::Relative is_tab_stop=false/></span>
        </li>
    }
    .into_any()
}
