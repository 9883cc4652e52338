//! The parts of the page.

use std::sync::Arc;

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::copy::{CopyField, Text};
use crate::curl;
use crate::erased::{memo, when};
use crate::keys::page::facts::facts;
use crate::keys::page::history::history;
use crate::keys::page::revoke::revoke;
use crate::keys::store::Keys;

pub fn key_page() -> AnyView {
    let keys: Keys = expect_context();
    let key = memo(move || keys.opened.key.get());
    let command: Text = Arc::new(|| curl::verify_command("kw_...", &curl::origin()));
    view! {
        {facts(keys, key)}
        <h3>"Try it"</h3>
        <p class="hint">"Put the key in place of kw_... The answer names the key."</p>
        <CopyField label="curl command" button="Copy curl command" text=command on_copied=|()| ()/>
        {history(keys, key)}
        {when(move || keys.may(Role::Editor), move || revoke(keys, key))}
    }
    .into_any()
}
