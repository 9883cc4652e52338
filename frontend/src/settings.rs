//! `/settings/secrets`: a heading, and tabs that have their own addresses.

use leptos::prelude::*;

use crate::components::title::use_title;
use crate::context::context;
use crate::erased::{live, memo};
use crate::keys::section::KeysSection;
use crate::providers::section::ProvidersSection;
use crate::query::with_query;
use crate::routes;
use crate::secrets::section::SecretsSection;

struct Tab {
    /// The value of `tab` in the address.
    slug: &'static str,
    label: &'static str,
    view: fn() -> AnyView,
}

/// In order; the first is shown when the address names none. A new tab is one line.
const TABS: [Tab; 3] = [
    Tab { slug: "keys", label: "API keys", view: || view! { <KeysSection/> }.into_any() },
    Tab { slug: "secrets", label: "Secrets", view: || view! { <SecretsSection/> }.into_any() },
    Tab {
        slug: "providers",
        label: "Providers",
        view: || view! { <ProvidersSection/> }.into_any(),
    },
];

#[component]
pub fn Settings() -> impl IntoView {
    use_title("Secrets and keys");
    let slug = context().location.query_value("tab");
    let chosen = memo(move || {
        let slug = slug.read();
        TABS.iter().position(|tab| *slug == tab.slug).unwrap_or(0)
    });
    let link = move |(index, tab): (usize, Tab)| {
        let href = with_query(routes::SECRETS, &[("tab", tab.slug)]);
        let current = move || (chosen.get() == index).then_some("page");
        view! { <li><a href=href aria-current=current>{tab.label}</a></li> }.into_any()
    };
    view! {
        <h1>"Secrets and keys"</h1>
        <nav class="tabs" aria-label="Sections">
            <ul>{TABS.into_iter().enumerate().map(link).collect_view()}</ul>
        </nav>
        {live(move || untrack(TABS[chosen.get()].view))}
    }
}
