//! What the cells of a row say about its key.

use keyward_api::key_list::KeyStatus;
use keyward_api::keys::ApiKey;
use leptos::prelude::*;

use crate::clock;
use crate::components::icon::icon;
use crate::components::time::{Instant, Short};
use crate::context::context;
use crate::erased::live;
use crate::focus::focus;
use crate::ids::unique_id;
use crate::keys::limits::Limits;
use crate::keys::status::{expiry_badge, label, picture};

pub type Cell = fn(&ApiKey) -> AnyView;

/// Further scopes are behind a button: a row is one or two lines high.
const SHOWN_SCOPES: usize = 3;

pub fn prefix(key: &ApiKey) -> AnyView {
    shortened(&key.prefix)
}

/// The display prefix of a key.
pub fn shortened(prefix: &str) -> AnyView {
    view! { <code class="prefix">{prefix.to_owned()}"..."</code> }.into_any()
}

/// The scopes, and below them the limits.
pub fn scopes(key: &ApiKey) -> AnyView {
    let all: Vec<_> = key.scopes.iter().collect();
    let scopes = if all.is_empty() {
        view! { <span class="quiet">"None"</span> }.into_any()
    } else {
        let shown = all.iter().take(SHOWN_SCOPES).map(|scope| chip(scope)).collect_view();
        view! { <ul class="chips">{shown} {more(&all, &key.name)}</ul> }.into_any()
    };
    let limits = Limits::of(key).in_words().join(", ");
    let title = limits.clone();
    let limits = (!limits.is_empty())
        .then(|| view! { <span class="meta limits" title=title>{limits}</span> });
    view! { {scopes} {limits} }.into_any()
}

pub fn chip(scope: &str) -> AnyView {
    let scope = scope.to_owned();
    view! { <li><code class="chip">{scope}</code></li> }.into_any()
}

/// The number of scopes that are not shown; all are shown on focus, hover and tap, and hidden on
/// Escape. No tab stop of its own: the page of the key, one step away, lists them all.
fn more(all: &[&str], name: &str) -> AnyView {
    if all.len() <= SHOWN_SCOPES {
        return ().into_any();
    }
    let says = format!("+{} more", all.len() - SHOWN_SCOPES);
    let label = format!("{says} scopes of {name}");
    let id = unique_id();
    let is_dismissed = RwSignal::new(false);
    view! {
        <li class="tip more" class:is-dismissed=move || is_dismissed.get()>
            <button
                type="button"
                class="more-button"
                tabindex="-1"
                aria-label=label
                aria-describedby=id.clone()
                // Not every browser focuses the button that is tapped.
                on:click=move |event| focus(Some(&event_target(&event)))
                on:keydown=move |event| is_dismissed.set(event.key() == "Escape")
                on:blur=move |_| is_dismissed.set(false)
            >
                {says}
            </button>
            <span class="tip-text" role="tooltip" id=id>{all.join(", ")}</span>
        </li>
    }
    .into_any()
}

pub fn created(key: &ApiKey) -> AnyView {
    let by = key.created_by.as_ref().map(|by| {
        let (title, by) = (by.clone(), format!("by {by}"));
        view! { <span class="meta created-by" title=title>{by}</span> }
    });
    view! { <Instant at=key.created_at short=Short::Date is_tab_stop=false/> {by} }.into_any()
}

pub fn last_used(key: &ApiKey) -> AnyView {
    match key.last_used_at {
        Some(at) => view! { <Instant at short=Short::Relative is_tab_stop=false/> }.into_any(),
        None => view! { <span class="quiet">"Never used"</span> }.into_any(),
    }
}

/// The date, or a badge instead of it once that is near.
pub fn expires(key: &ApiKey) -> AnyView {
    let Some(end) = key.expires_at else {
        return view! { <span class="quiet">"Never"</span> }.into_any();
    };
    let now = context().now;
    live(move || {
        let class = if end <= now.get() { "badge badge-danger" } else { "badge badge-warning" };
        match expiry_badge(end, now.get()) {
            Some(text) => view! {
                <span class="tip">
                    <span class=class>{text}</span>
                    <span class="tip-text" role="tooltip">{clock::exact(clock::local(end))}</span>
                </span>
            }
            .into_any(),
            None => view! { <Instant at=end short=Short::Date is_tab_stop=false/> }.into_any(),
        }
    })
}

pub fn status(key: &ApiKey) -> AnyView {
    let (key, now) = (key.clone(), context().now);
    live(move || {
        let status = KeyStatus::of(&key, now.get());
        let class = format!("status status-{}", status.as_str());
        view! { <span class=class>{icon(picture(status))} {label(status)}</span> }.into_any()
    })
}
