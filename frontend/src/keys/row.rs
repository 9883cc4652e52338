//! One key in the table.

use keyward_api::keys::ApiKey;
use leptos::prelude::*;
use time::OffsetDateTime;

use crate::components::icon::icon;
use crate::components::time::{Instant, Short};
use crate::hub::hub;
use crate::keys::delete::DeleteButton;
use crate::keys::menu::RowMenu;
use crate::keys::status::{Status, expiry_badge};
use crate::keys::store::Keys;
use crate::once::{live, memo, when};

/// The row. It follows its key by id, so that a change of the key leaves the row, and
/// with it the focus, where it is.
#[component]
pub fn Row(id: StoredValue<String>) -> impl IntoView {
    let keys: Keys = expect_context();
    let key = memo(move || keys.get(&id.read_value()));
    let is_readable = move || key.read().as_ref().is_some_and(|key| !key.unreadable);
    let cell = move |cell: fn(&ApiKey) -> AnyView| {
        live(move || key.read().as_ref().map_or_else(|| ().into_any(), cell))
    };
    let name = memo(move || key.get().map(|key| key.name).unwrap_or_default());
    view! {
        <tr role="row" class:row-armed=move || keys.armed.get() == Some(id.get_value())>
            <th role="rowheader" scope="row" class="cell-name">{move || name.get()}</th>
            <td role="cell" data-label="Key">{cell(prefix)}</td>
            <td role="cell" class="cell-scopes" data-label="Scopes">{cell(scopes)}</td>
            <td role="cell" class="cell-created" data-label="Created">{cell(created)}</td>
            <td role="cell" data-label="Last used">{cell(last_used)}</td>
            <td role="cell" class="cell-expires" data-label="Expires">{cell(expires)}</td>
            <td role="cell" data-label="Status">{cell(status)}</td>
            <td role="cell" class="cell-actions">
                <div class="actions">
                    <DeleteButton id name/>
                    {when(is_readable, move || view! { <RowMenu id name/> }.into_any())}
                </div>
            </td>
        </tr>
    }
}

fn prefix(key: &ApiKey) -> AnyView {
    view! { <code class="prefix">{key.prefix.clone()}"..."</code> }.into_any()
}

fn scopes(key: &ApiKey) -> AnyView {
    let scopes: Vec<_> = key.scopes.iter().map(str::to_owned).collect();
    if scopes.is_empty() {
        return view! { <span class="quiet">"None"</span> }.into_any();
    }
    let chips = scopes
        .into_iter()
        .map(|scope| view! { <li><code class="chip">{scope}</code></li> }.into_any());
    view! { <ul class="chips">{chips.collect_view()}</ul> }.into_any()
}

fn created(key: &ApiKey) -> AnyView {
    let by = match &key.created_by {
        Some(by) => view! { <span class="meta created-by">"by " {breakable(by)}</span> }.into_any(),
        None => ().into_any(),
    };
    view! { <Instant at=key.created_at short=Short::Date/> {by} }.into_any()
}

/// An address that may break before its `@` instead of anywhere.
pub fn breakable(address: &str) -> AnyView {
    let at = address.find('@').unwrap_or(address.len());
    let (name, host) = address.split_at(at);
    view! { {name.to_owned()} <wbr/> {host.to_owned()} }.into_any()
}

fn last_used(key: &ApiKey) -> AnyView {
    match key.last_used_at {
        Some(at) => view! { <Instant at short=Short::Relative/> }.into_any(),
        None => view! { <span class="quiet">"Never used"</span> }.into_any(),
    }
}

fn expires(key: &ApiKey) -> AnyView {
    let Some(end) = key.expires_at else {
        return view! { <span class="quiet">"Never"</span> }.into_any();
    };
    view! { <Instant at=end short=Short::Date/> <ExpiryBadge end/> }.into_any()
}

#[component]
fn ExpiryBadge(end: OffsetDateTime) -> impl IntoView {
    let now = hub().now;
    live(move || {
        let class = if end <= now.get() { "badge badge-danger" } else { "badge badge-warning" };
        match expiry_badge(end, now.get()) {
            Some(text) => view! { <span class=class>{text}</span> }.into_any(),
            None => ().into_any(),
        }
    })
}

fn status(key: &ApiKey) -> AnyView {
    let (key, now) = (key.clone(), hub().now);
    live(move || {
        let status = Status::of(&key, now.get());
        let class = format!("status status-{}", status.slug());
        view! { <span class=class>{icon(status.icon())} {status.label()}</span> }.into_any()
    })
}
