//! The banners of new keys.

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::copy::{CopyField, Text};
use crate::components::each::Each;
use crate::components::one_time_banner::{Banner, banner};
use crate::context::context;
use crate::curl;
use crate::erased::memo;
use crate::keys::store::Keys;
use crate::one_time::{Kind, OneTimeValues};

const BANNER: Banner = Banner { label: "New API key", unfold: ["Show key", "Hide key"], fields };

/// One banner for each key that is not dismissed, newest first.
#[component]
pub fn Banners() -> impl IntoView {
    let one_time = context().one_time;
    let ids = memo(move || one_time.ids(Kind::ApiKey));
    let draw = |id| {
        let keys: Keys = expect_context();
        banner(&BANNER, id, Callback::new(move |()| keys.focus_add_button()))
    };
    view! { <Each ids draw/> }
}

fn fields(one_time: OneTimeValues, id: StoredValue<String>, on_copied: Callback<()>) -> AnyView {
    let key: Text = Arc::new(move || one_time.with_value(&id.read_value(), str::to_owned));
    let command: Text = Arc::new(move || {
        one_time.with_value(&id.read_value(), |key| curl::verify_command(key, &curl::origin()))
    });
    // Unfolding it leaves the focus on the button that did.
    let focus = untrack(|| !one_time.is_copied(&id.read_value()));
    view! {
        <CopyField label="API key" button="Copy" text=key on_copied focus/>
        <p class="banner-hint">"Try it:"</p>
        <CopyField label="curl command" button="Copy curl command" text=command on_copied/>
    }
    .into_any()
}
