//! One server in the table.

use leptos::prelude::*;

use crate::clock;
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::erased::{live, memo, when};
use crate::replicas::standing::Standing;
use crate::replicas::store::{Server, Servers};
use crate::replicas::words::{lag, lasting, time_of};
use crate::text::grouped;

pub const COLUMNS: [&str; 6] =
    ["Server", "State", "Last change", "Lease left", "Started", "Version"];

/// It follows its server by id. What a reader points at is drawn again only when it says something
/// else.
pub fn row(id: StoredValue<String>) -> AnyView {
    let servers: Servers = expect_context();
    let server = memo(move || servers.get(&id.read_value()));
    let standing = memo(move || server.read().as_ref().map(|it| it.standing));
    let text = move |part: fn(&Server) -> String| {
        memo(move || server.read().as_ref().map(part).unwrap_or_default())
    };
    let address = text(|it| it.replica.address.clone());
    let version = text(|it| it.replica.version.clone());
    let change = text(|it| grouped(it.replica.generation.unsigned_abs()));
    let behind = memo(move || server.read().as_ref().map_or(0, |it| it.replica.behind));
    let is_this = move || server.read().as_ref().is_some_and(|it| it.replica.is_this);
    let joined_at = memo(move || server.read().as_ref().map(|it| it.replica.joined_at));
    let joined = live(move || match joined_at.get() {
        Some(at) => view! { <Instant at short=Short::Relative/> }.into_any(),
        None => ().into_any(),
    });
    let this =
        when(is_this, || view! { <span class="badge badge-you">"This one"</span> }.into_any());
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">
                {move || address.get()} " " {this}
            </th>
            <td role="cell" data-label="State">{state(servers, standing)}</td>
            <td role="cell" data-label="Last change">
                <span>{move || change.get()} " " {live(move || lag_of(behind.get()))}</span>
            </td>
            <td role="cell" data-label="Lease left">{live(move || left(server))}</td>
            <td role="cell" data-label="Started">{joined}</td>
            <td role="cell" data-label="Version"><span class="quiet">{move || version.get()}</span></td>
        </tr>
    }
    .into_any()
}

fn lag_of(behind: i64) -> AnyView {
    let class = if behind == 0 { "servers-lag quiet" } else { "servers-lag is-behind" };
    view! { <span class=class>{lag(behind)}</span> }.into_any()
}

/// Whether it answers; of one that does not, until when it may accept keys.
fn state(servers: Servers, standing: Memo<Option<Standing>>) -> AnyView {
    let is_active = move || matches!(standing.get(), None | Some(Standing::Active));
    let active = || {
        view! {
            <div><span class="status status-active">{icon(Icon::Check)} "Active"</span></div>
        }
        .into_any()
    };
    let silent_for = memo(move || match standing.get() {
        Some(Standing::Silent { silent_ms, .. } | Standing::Stopped { silent_ms, .. }) => {
            format!("Silent for {}", lasting(silent_ms))
        }
        _ => String::new(),
    });
    let stopped = memo(move || match standing.get() {
        Some(Standing::Stopped { since, .. }) => Some(since),
        _ => None,
    });
    let left = memo(move || match standing.get() {
        Some(Standing::Silent { left_ms, .. }) => {
            format!("May accept keys for {} more", lasting(left_ms))
        }
        _ => String::new(),
    });
    let means = move || match stopped.get() {
        None => view! { {move || left.get()} }.into_any(),
        Some(since) => {
            let local = clock::local(since);
            let now = clock::local(servers.context.now.get_untracked());
            view! {
                "Accepts nothing since "
                <time datetime=clock::rfc3339(since)>{time_of(local, now)}</time>
            }
            .into_any()
        }
    };
    let class = move || {
        if stopped.get().is_some() { "status status-stopped" } else { "status status-silent" }
    };
    live(move || {
        if memo(is_active).get() {
            return active();
        }
        view! {
            <div>
                <span class=class>{icon(Icon::Warning)} {move || silent_for.get()}</span>
                <span class="second-line">{live(means)}</span>
            </div>
        }
        .into_any()
    })
}

fn left(server: Memo<Option<Server>>) -> AnyView {
    let server = server.read();
    match server.as_ref().map(|it| (it.replica.lease_left_ms, it.standing)) {
        Some((Some(_), Standing::Stopped { .. })) => {
            view! { <span class="quiet">"Over"</span> }.into_any()
        }
        Some((Some(left_ms), _)) => view! { <span>{lasting(left_ms)}</span> }.into_any(),
        _ => view! { <span class="quiet">"Not needed"</span> }.into_any(),
    }
}
