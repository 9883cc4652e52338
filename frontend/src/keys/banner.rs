//! The only sight of a key.

use std::time::Duration;

use leptos::prelude::*;

use crate::components::copy::CopyField;
use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::keys::curl;
use crate::keys::new_keys::NewKeys;
use crate::keys::section::AddButton;

const SENTENCE: &str = "API key created. Copy it now; you won't be able to see it again.";

/// One banner for each key that was created and not dismissed, newest first.
#[component]
pub fn Banners() -> impl IntoView {
    let new_keys: NewKeys = expect_context();
    let ids = Signal::derive(move || new_keys.ids());
    view! {
        <Each ids draw=|id| view! { <Banner id/> }.into_any()/>
    }
}

#[component]
fn Banner(id: StoredValue<String>) -> impl IntoView {
    let new_keys: NewKeys = expect_context();
    let add_button: AddButton = expect_context();
    // A live region is read when its text changes, not when it arrives with its text.
    let announced = RwSignal::new("");
    set_timeout(move || _ = announced.try_set(SENTENCE), Duration::from_millis(50));
    let key = Signal::derive(move || new_keys.with_key(&id.read_value(), str::to_owned));
    let command = Signal::derive(move || {
        new_keys.with_key(&id.read_value(), |key| curl::verify_command(key, &curl::origin()))
    });
    // Several banners are several landmarks, each with a name of its own.
    let label = move || format!("New API key {}", new_keys.name(&id.read_value()));
    let copied = move |()| new_keys.mark_copied(&id.read_value());
    let dismiss = move |_| {
        new_keys.dismiss(&id.get_value());
        add_button.focus();
    };
    view! {
        <section class="banner" aria-label=label>
            <div class="banner-head">
                {icon(Icon::Check)}
                <div>
                    <p class="banner-sentence" role="status">{announced}</p>
                    <p class="banner-name">{move || new_keys.name(&id.read_value())}</p>
                </div>
            </div>
            <CopyField label="API key" button="Copy" text=key on_copied=copied focus=true/>
            <p class="banner-hint">"Try it:"</p>
            <CopyField label="curl command" button="Copy curl command" text=command on_copied=copied/>
            <button type="button" class="button" on:click=dismiss>"Dismiss"</button>
        </section>
    }
}
