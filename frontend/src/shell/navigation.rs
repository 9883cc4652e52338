//! Where one can go, and what this installation is.

use keyward_api::roles::Role::{self, Admin, Viewer};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::components::mark::Brand;
use crate::context::{Context, context};
use crate::erased::{effect, live, memo, when};
use crate::routes;
use crate::shell::account::Account;

/// Where a link leads, its words, its picture, and the least role that has it.
type NavLink = (&'static str, &'static str, Icon, Role);

/// A new page is one line here. A group without a title is the first.
const GROUPS: [(&str, &[NavLink]); 4] = [
    ("", &[(routes::OVERVIEW, "Overview", Icon::Gauge, Viewer)]),
    ("Callers", &[(routes::KEYS, "API keys", Icon::Key, Viewer)]),
    (
        "Credentials",
        &[
            (routes::STORED_SECRETS, "Secrets", Icon::Shield, Viewer),
            (routes::PROVIDERS, "Providers", Icon::Plug, Viewer),
        ],
    ),
    (
        "Administration",
        &[
            (routes::AUDIT, "Audit log", Icon::List, Viewer),
            (routes::USERS, "People", Icon::People, Admin),
            (routes::ENCRYPTION, "Encryption", Icon::Lock, Admin),
            (routes::REPLICAS, "Servers", Icon::Servers, Admin),
        ],
    ),
];

/// A popover on a narrow window; the style keeps it in view on a wide one.
#[component]
pub fn SideBar() -> impl IntoView {
    let sidebar = NodeRef::<html::Aside>::new();
    let hide = move || {
        if let Some(sidebar) = sidebar.get_untracked() {
            // Fails when it is not shown.
            let _ = sidebar.hide_popover();
        }
    };
    view! {
        <aside class="sidebar" id="sidebar" aria-label="Sidebar" popover="auto" node_ref=sidebar>
            <div>
                <Brand/>
                <p class="brand-host">{location().host().unwrap_or_default()}</p>
            </div>
            {navigation(Callback::new(move |()| hide()))}
            <div class="sidebar-foot">
                <ul class="sidebar-links">
                    <li><a href=routes::DOCS>"Docs"</a></li>
                    <li><a href="/api/docs/">"API reference"</a></li>
                    <li class="quiet">{env!("CARGO_PKG_VERSION")}</li>
                </ul>
                <Account/>
            </div>
        </aside>
    }
}

fn navigation(hide: Callback<()>) -> AnyView {
    let Context { location, client, session, attention, .. } = context();
    let is_signed_in = memo(move || session.user().is_some());
    effect(move || {
        // The overview itself knows better.
        if is_signed_in.get() && *location.path.read_untracked() != routes::OVERVIEW {
            spawn_local(async move {
                if let Ok(number) = client.attention().await {
                    attention.try_set(number);
                }
            });
        }
    });
    let tab = location.query_value("tab");
    let current = memo(move || routes::of(&location.path.read(), &tab.read()));
    let badge = move |to| {
        when(
            move || to == routes::OVERVIEW && attention.get() > 0,
            move || {
                view! {
                    <span class="nav-badge">
                        {live(move || attention.get().into_any())}
                        <span class="visually-hidden">" need attention"</span>
                    </span>
                }
                .into_any()
            },
        )
    };
    let link = move |(to, label, picture, least): NavLink| {
        let is_current = move || (current.get() == to).then_some("page");
        let item = move || {
            view! {
                <li>
                    <a href=to aria-current=is_current on:click=move |_| hide.run(())>
                        {icon(picture)} {label} {badge(to)}
                    </a>
                </li>
            }
            .into_any()
        };
        // Those of everybody are there before it is known who is signed in.
        if least == Viewer { item() } else { when(move || session.may(least), item) }
    };
    let group = move |(title, links): (&'static str, &'static [NavLink])| {
        let list = links.iter().copied().map(link).collect_view();
        if title.is_empty() {
            return view! { <ul>{list}</ul> }.into_any();
        }
        let id = format!("nav-{title}");
        view! {
            <p class="nav-group" id=id.clone()>{title}</p>
            <ul aria-labelledby=id>{list}</ul>
        }
        .into_any()
    };
    view! { <nav aria-label="Main">{GROUPS.into_iter().map(group).collect_view()}</nav> }.into_any()
}
