//! The banner of a new key, the only place that shows one.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;

use crate::components::copy::{CopyField, Text};
use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::context::context;
use crate::curl;
use crate::erased::memo;
use crate::keys::store::Keys;

/// One banner for each key that is not dismissed, newest first.
#[component]
pub fn Banners() -> impl IntoView {
    let one_time = context().one_time;
    let ids = memo(move || one_time.ids());
    view! {
        <Each ids draw=|id| view! { <Banner id/> }.into_any()/>
    }
}

#[component]
fn Banner(id: StoredValue<String>) -> impl IntoView {
    let (one_time, keys): (_, Keys) = (context().one_time, expect_context());
    // A screen reader reads a live region when its text changes, not when it is inserted.
    let announced = RwSignal::new(String::new());
    let announce = move || {
        if let Some(id) = id.try_get_value() {
            announced.set(untrack(|| one_time.sentence(&id)));
        }
    };
    set_timeout(announce, Duration::from_millis(50));
    let key: Text = Arc::new(move || one_time.with_value(&id.read_value(), str::to_owned));
    let command: Text = Arc::new(move || {
        one_time.with_value(&id.read_value(), |key| curl::verify_command(key, &curl::origin()))
    });
    // Several banners are several landmarks, each with a name of its own.
    let label = move || format!("New API key {}", one_time.name(&id.read_value()));
    let copied = move |()| one_time.mark_copied(&id.read_value());
    let dismiss = move |_| {
        one_time.dismiss(&id.get_value());
        keys.focus_add_button();
    };
    view! {
        <section class="banner" aria-label=label>
            <div class="banner-head">
                {icon(Icon::Check)}
                <div>
                    <p class="banner-sentence" role="status">{move || announced.get()}</p>
                    <p class="banner-name">{move || one_time.name(&id.read_value())}</p>
                </div>
            </div>
            <CopyField label="API key" button="Copy" text=key on_copied=copied focus=true/>
            <p class="banner-hint">"Try it:"</p>
            <CopyField label="curl command" button="Copy curl command" text=command on_copied=copied/>
            <button type="button" class="button" on:click=dismiss>"Dismiss"</button>
        </section>
    }
}
