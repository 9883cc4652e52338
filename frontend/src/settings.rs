//! `/settings/secrets`: keys, secrets and providers, each with its own address.

use leptos::prelude::*;

use crate::components::title::use_title;
use crate::context::context;
use crate::erased::{live, memo};
use crate::keys::section::KeysSection;
use crate::later;

/// The value of `tab` in the address, the title, and what is shown.
type Section = (&'static str, &'static str, fn() -> AnyView);

/// The first is shown when the address names none.
const SECTIONS: [Section; 3] = [
    ("keys", "API keys", || view! { <KeysSection later=later::KEYS/> }.into_any()),
    ("secrets", "Secrets", later::secrets),
    ("providers", "Providers", later::providers),
];

#[component]
pub fn Settings() -> impl IntoView {
    let tab = context().location.query_value("tab");
    let chosen = memo(move || {
        let tab = tab.read();
        SECTIONS.iter().position(|(slug, ..)| *tab == *slug).unwrap_or(0)
    });
    live(move || {
        let (_, title, section) = SECTIONS[chosen.get()];
        use_title(title);
        untrack(section)
    })
}
