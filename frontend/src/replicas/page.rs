//! `/admin/replicas`.

use leptos::prelude::*;

use crate::clock;
use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::components::section_head::{Heading, section_head};
use crate::components::skeleton::skeleton;
use crate::components::table::table;
use crate::components::title::use_title;
use crate::erased::{live, memo, when};
use crate::load::Shown;
use crate::replicas::row::{COLUMNS, row};
use crate::replicas::standing::Standing;
use crate::replicas::store::{Server, Servers};
use crate::replicas::words;

const HEADING: Heading = Heading {
    id: "servers-title",
    title: "Servers",
    lead: "The servers of this database, and the last change of the keys that each goes by.",
    hint: "",
};

/// The section of the documents about databases.
const SERVERS: &str = "/docs/operations.html#several-servers";

#[component]
pub fn ServersPage() -> impl IntoView {
    use_title("Servers");
    let servers = Servers::load_from_server();
    provide_context(servers);
    let shown = servers.load.shown(|| false, || true);
    let body = live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the servers"),
        Shown::Failed => {
            servers.load.failed("The servers could not be loaded", move || servers.fetch())
        }
        _ => {
            let ids = memo(move || {
                servers.list.read().iter().map(|server| server.replica.id.clone()).collect()
            });
            let rows = view! { <Each ids draw=row/> };
            view! {
                {lease(servers)}
                {summary(servers)}
                <div class:servers-old=move || servers.stale.read().is_some()>
                    {table("rows servers", "Servers", &COLUMNS, rows.into_any())}
                </div>
                {hints(servers)}
            }
            .into_any()
        }
    });
    view! {
        <section aria-labelledby="servers-title">
            {section_head(&HEADING, ().into_any())}
            {body}
        </section>
    }
}

/// What a lease means; or why there is none.
fn lease(servers: Servers) -> AnyView {
    let terms = memo(move || servers.lease.get());
    let says = live(move || match terms.get() {
        Some(terms) => words::lease(terms).into_any(),
        None => view! {
            "One server on SQLite: a change is in effect at once. Several need PostgreSQL: "
            <a href=SERVERS>"how to connect it"</a> "."
        }
        .into_any(),
    });
    view! { <p class="servers-lease">{says}</p> }.into_any()
}

/// Whether all of them answer; or since when that is not known. The element stays in the page, so
/// that a change is announced.
fn summary(servers: Servers) -> AnyView {
    let standings = move || {
        let list = servers.list.read();
        list.iter().map(|server| server.standing).collect::<Vec<_>>()
    };
    // A memo, so that only what is new is announced.
    let says = memo(move || match &*servers.stale.read() {
        Some(why) => Some(words::stale(why, clock::local(servers.answered_at.get()))),
        None => servers.lease.read().map(|_| words::summary(&standings())),
    });
    let is_well = memo(move || {
        servers.stale.read().is_none() && standings().iter().all(|it| *it == Standing::Active)
    });
    let line = live(move || match says.get() {
        None => ().into_any(),
        Some(says) => {
            let (class, picture) = if is_well.get() {
                ("servers-sum status-active", Icon::Check)
            } else {
                ("servers-sum status-silent", Icon::Warning)
            };
            view! { <p class=class>{icon(picture)} <span>{says}</span></p> }.into_any()
        }
    });
    view! { <div role="status">{line}</div> }.into_any()
}

/// What to do about what the table shows.
fn hints(servers: Servers) -> AnyView {
    let any = move |is_it: fn(&Server, &Server) -> bool| {
        let list = servers.list.read();
        list.iter().any(|server| list.first().is_some_and(|first| is_it(server, first)))
    };
    let hint = |says: &'static str| move || view! { <p class="hint">{says}</p> }.into_any();
    view! {
        <div class="servers-hints">
            {when(
                move || any(|server, _| matches!(server.standing, Standing::Stopped { .. })),
                hint("A server whose lease is over leaves this list with the next key that is deleted or disabled. One that comes back joins as a new one."),
            )}
            {when(
                move || any(|server, first| server.replica.version != first.replica.version),
                hint("The servers run different versions of Keyward."),
            )}
        </div>
    }
    .into_any()
}
