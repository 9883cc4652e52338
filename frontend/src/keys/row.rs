//! One key in the table.

use keyward_api::key_list::KeyStatus;
use keyward_api::keys::ApiKey;
use leptos::prelude::*;
use time::OffsetDateTime;

use crate::components::action::{Action, action};
use crate::components::breakable::breakable;
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::context::context;
use crate::erased::{live, memo, when};
use crate::focus::focus;
use crate::ids::unique_id;
use crate::keys::delete::DeleteButton;
use crate::keys::limits::Limits;
use crate::keys::menu::RowMenu;
use crate::keys::status::{expiry_badge, label, overlap_at, picture};
use crate::keys::store::Keys;

/// Further scopes are behind a button: a row is one or two lines high.
const SHOWN_SCOPES: usize = 3;

/// With a second row during the overlap. It follows its key by id, so that a change keeps the row,
/// and with it the focus.
#[component]
pub fn Row(id: StoredValue<String>) -> impl IntoView {
    let (keys, now): (Keys, _) = (expect_context(), context().now);
    let key = memo(move || keys.get(&id.read_value()));
    let is_readable = move || key.read().as_ref().is_some_and(|key| !key.unreadable);
    let cell = move |cell: fn(&ApiKey) -> AnyView| {
        live(move || key.read().as_ref().map_or_else(|| ().into_any(), cell))
    };
    let has_overlap = memo(move || {
        let now = now.get();
        key.read().as_ref().is_some_and(|key| overlap_at(key, now).is_some())
    });
    let name = memo(move || key.get().map(|key| key.name).unwrap_or_default());
    view! {
        <tr role="row" class:row-armed=move || keys.armed.get() == Some(id.get_value())>
            <th role="rowheader" scope="row" class="cell-name">
                <span title=move || name.get()>{move || name.get()}</span>
            </th>
            <td role="cell" data-label="Key">{cell(prefix)}</td>
            <td role="cell" class="cell-scopes" data-label="Scopes">{cell(scopes)}</td>
            <td role="cell" class="cell-created" data-label="Created">{cell(created)}</td>
            <td role="cell" class="cell-used" data-label="Last used">{cell(last_used)}</td>
            <td role="cell" class="cell-expires" data-label="Expires">{cell(expires)}</td>
            <td role="cell" data-label="Status">{cell(status)}</td>
            <td role="cell" class="cell-actions">
                <div class="actions">
                    <DeleteButton id name/>
                    {when(is_readable, move || view! { <RowMenu id name has_overlap/> }.into_any())}
                </div>
            </td>
        </tr>
        {when(move || has_overlap.get(), move || {
            view! { <tr role="row" class="overlap">{cell(overlap)}</tr> }.into_any()
        })}
    }
}

fn prefix(key: &ApiKey) -> AnyView {
    shortened(&key.prefix)
}

/// The display prefix of a key.
pub fn shortened(prefix: &str) -> AnyView {
    view! { <code class="prefix">{prefix.to_owned()}"..."</code> }.into_any()
}

/// The scopes, and below them the limits.
fn scopes(key: &ApiKey) -> AnyView {
    let all: Vec<_> = key.scopes.iter().collect();
    let chip = |scope: &&str| {
        let scope = (*scope).to_owned();
        view! { <li><code class="chip">{scope}</code></li> }.into_any()
    };
    let scopes = if all.is_empty() {
        view! { <span class="quiet">"None"</span> }.into_any()
    } else {
        let chips = all.iter().take(SHOWN_SCOPES).map(chip).collect_view();
        view! { <ul class="chips">{chips} {more(&all, &key.name)}</ul> }.into_any()
    };
    let limits = Limits::of(key).in_words().into_iter();
    let limits = limits
        .map(|limit| view! { <span class="meta second-line">{limit}</span> }.into_any())
        .collect_view();
    view! { {scopes} {limits} }.into_any()
}

/// The number of scopes that are not shown; all are shown on focus, hover and tap, and hidden on
/// Escape.
fn more(all: &[&str], name: &str) -> AnyView {
    if !has_more(all.len()) {
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

fn has_more(scopes: usize) -> bool {
    scopes > SHOWN_SCOPES
}

/// Until when the old key works, and when it was last used.
fn overlap(key: &ApiKey) -> AnyView {
    let Some(old) = &key.overlap else { return ().into_any() };
    let keys: Keys = expect_context();
    let works = if key.enabled { " works until " } else { " would work until " };
    let used = match old.last_used_at {
        Some(at) => view! { ", last used " <Instant at short=Short::Relative/> }.into_any(),
        None => ", not used yet".into_any(),
    };
    let label = format!("End overlap now for {}", key.name);
    let end = Action { says: "End overlap now", label, ..Action::default() };
    let key = key.clone();
    view! {
        <td role="cell" colspan="8">
            <div class="overlap-note">
                {icon(Icon::Clock)}
                <p>
                    "Old key " {shortened(&old.prefix)} {works}
                    <Instant at=old.ends_at short=Short::Second/> {used}
                </p>
                {action(end, move || keys.end_overlap(&key))}
            </div>
        </td>
    }
    .into_any()
}

fn created(key: &ApiKey) -> AnyView {
    let by = match &key.created_by {
        Some(by) => {
            let title = by.clone();
            view! { <span class="meta created-by" title=title>"by " {breakable(by)}</span> }
                .into_any()
        }
        None => ().into_any(),
    };
    view! { <Instant at=key.created_at short=Short::Date is_tab_stop=false/> {by} }.into_any()
}

fn last_used(key: &ApiKey) -> AnyView {
    match key.last_used_at {
        Some(at) => {
            // The style shows the tooltip together with that of the scopes, if those have one.
            let is_tab_stop = !has_more(key.scopes.iter().count());
            view! { <Instant at short=Short::Relative is_tab_stop/> }.into_any()
        }
        None => view! { <span class="quiet">"Never used"</span> }.into_any(),
    }
}

fn expires(key: &ApiKey) -> AnyView {
    let Some(end) = key.expires_at else {
        return view! { <span class="quiet">"Never"</span> }.into_any();
    };
    view! { <Instant at=end short=Short::Date is_tab_stop=false/> <ExpiryBadge end/> }.into_any()
}

#[component]
fn ExpiryBadge(end: OffsetDateTime) -> impl IntoView {
    let now = context().now;
    live(move || {
        let class = if end <= now.get() { "badge badge-danger" } else { "badge badge-warning" };
        match expiry_badge(end, now.get()) {
            Some(text) => view! { <span class=class>{text}</span> }.into_any(),
            None => ().into_any(),
        }
    })
}

fn status(key: &ApiKey) -> AnyView {
    let (key, now) = (key.clone(), context().now);
    live(move || {
        let status = KeyStatus::of(&key, now.get());
        let class = format!("status status-{}", status.as_str());
        view! { <span class=class>{icon(picture(status))} {label(status)}</span> }.into_any()
    })
}
