//! `/admin/encryption`.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::components::problem::FormError;
use crate::components::section_head::{Heading, section_head};
use crate::components::skeleton::skeleton;
use crate::components::title::use_title;
use crate::encryption::history::history;
use crate::encryption::rotate::{Progress, Rotate};
use crate::encryption::store::Encryption;
use crate::erased::{live, memo, when};
use crate::load::Shown;
use crate::text::grouped;

const HEADING: Heading = Heading {
    id: "encryption-title",
    title: "Encryption",
    lead: "The key that encrypts every stored value, and its history. Rotation re-encrypts every value; if anything fails, nothing changes.",
    hint: "",
};

#[component]
pub fn EncryptionPage() -> impl IntoView {
    use_title("Encryption");
    let encryption = Encryption::load_from_server();
    provide_context(encryption);
    let shown = encryption.load.shown(|| false, || true);
    view! {
        <section aria-labelledby="encryption-title">
            {section_head(&HEADING, view! { <Rotate/> }.into_any())}
            <FormError error=encryption.refusal/>
            <Progress/>
            <Result/>
            {live(move || match shown.get() {
                Shown::Loading => skeleton("Loading the state of encryption"),
                Shown::Failed => encryption.load.failed(
                    "The state of encryption could not be loaded",
                    move || encryption.follow(),
                ),
                _ => view! { <Cards/> {history(encryption)} }.into_any(),
            })}
            <Explanation/>
        </section>
    }
}

/// The outcome of the last rotation. The element stays in the page, so that it is announced.
#[component]
fn Result() -> impl IntoView {
    let encryption: Encryption = expect_context();
    view! {
        <div role="status">
            {when(move || !encryption.result.read().is_empty(), move || view! {
                <p class="notice notice-success">
                    {icon(Icon::Check)} <span>{move || encryption.result.get()}</span>
                </p>
            }.into_any())}
        </div>
    }
}

#[component]
fn Cards() -> impl IntoView {
    let encryption: Encryption = expect_context();
    let fact = move |of: fn(u32, u64, u64) -> String| {
        memo(move || {
            let status = encryption.status.read();
            status.as_ref().map_or(String::new(), |it| of(it.active_version, it.secrets, it.legacy))
        })
    };
    let card = |label: &'static str, fact: Memo<String>, hint: &'static str| {
        view! {
            <div class="fact">
                <dt>{label}</dt>
                <dd class="fact-value">{move || fact.get()}</dd>
                <dd class="hint">{hint}</dd>
            </div>
        }
        .into_any()
    };
    view! {
        <dl class="facts">
            {card("Active key", fact(|version, _, _| format!("Version {version}")), "Seals every new value.")}
            {card("Sealed values", fact(|_, sealed, _| grouped(sealed)), "Kept under a data key.")}
            {card("Legacy values", fact(|_, _, legacy| grouped(legacy)), "Kept under the root key itself. The next rotation moves them.")}
        </dl>
    }
}

/// For a person who rotates once a year.
#[component]
fn Explanation() -> impl IntoView {
    let part = |term: &'static str, text: &'static str| {
        view! { <dt>{term}</dt> <dd>{text}</dd> }.into_any()
    };
    view! {
        <section class="explanation" aria-labelledby="how-title">
            <h2 id="how-title">"How it works"</h2>
            <dl>
                {part("Root key", "Given to the server when it starts, in SECRETS_ENCRYPTION_KEY. It is not in the database. Without it no value can be read, so keep a copy of it apart from your backups.")}
                {part("Data keys", "Made by the server and kept in the database, locked with the root key. The active one seals every value; a retired one is erased.")}
                {part("Rotation", "Makes a new data key and re-encrypts every value with it, all of them or none. API keys go on being verified; reading and changing secrets may have to wait. Rotate when a copy of the database may have come into the wrong hands, or as often as your rules ask for.")}
            </dl>
        </section>
    }
}
