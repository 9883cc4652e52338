//! What is on the page.

use keyward_api::overview::OverviewCounts;
use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::skeleton::skeleton;
use crate::components::title::use_title;
use crate::erased::{live, memo, when};
use crate::later;
use crate::load::Shown;
use crate::overview::attention::attention;
use crate::overview::chart::chart;
use crate::overview::find::find;
use crate::overview::recent::recent;
use crate::overview::store::OverviewStore;
use crate::routes;
use crate::text::grouped;

#[component]
pub fn Overview() -> impl IntoView {
    use_title("Overview");
    let store = OverviewStore::load_from_server();
    let wants_guide = store.context.location.query_value("guide");
    let shown = store.load.shown(|| false, || true);
    let has_guide = memo(move || {
        let is_wanted = store.is_first_run.get() || !wants_guide.read().is_empty();
        is_wanted && store.context.session.may(Role::Admin)
    });
    let body = live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the overview"),
        Shown::Failed => {
            store.load.failed("The overview could not be loaded", move || store.fetch())
        }
        _ => view! {
            {stale(store)}
            {attention(store)}
            {when(move || has_guide.get(), later::first_run)}
            {chart(store)}
            {counts(store)}
            {recent(store)}
        }
        .into_any(),
    });
    view! {
        <div class="section-head">
            <h1>"Overview"</h1>
            {find(store.context)}
        </div>
        {body}
    }
}

/// What is shown could not be renewed.
fn stale(store: OverviewStore) -> AnyView {
    live(move || match store.stale.get() {
        Some(why) => view! {
            <p class="stale" role="status">{icon(Icon::Warning)} "Not up to date. " {why}</p>
        }
        .into_any(),
        None => ().into_any(),
    })
}

/// How much there is, and where.
fn counts(store: OverviewStore) -> AnyView {
    let fact = |href: &'static str, label: &'static str, number: Memo<String>| {
        view! {
            <a class="count" href=href>
                <span class="count-number">{move || number.get()}</span> <span>{label}</span>
            </a>
        }
        .into_any()
    };
    let counts = store.part(|overview| overview.counts);
    let count = move |part: fn(&OverviewCounts) -> u64| memo(move || grouped(part(&counts.read())));
    view! {
        <nav class="counts" aria-label="What is stored">
            {fact(routes::KEYS, "API keys", count(|counts| counts.keys))}
            {fact("/settings/secrets?tab=keys&status=active", "of them active", count(|counts| counts.active))}
            {fact(routes::STORED_SECRETS, "secrets", count(|counts| counts.secrets))}
            {fact(routes::PROVIDERS, "providers", count(|counts| counts.providers))}
        </nav>
    }
    .into_any()
}
