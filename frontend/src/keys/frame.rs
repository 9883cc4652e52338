//! The frame of the page of a key: its heading, the way back, and its states. On a wide window it
//! stands beside the list, else in its place; which of them is a matter of style.

use keyward_api::key_list::KeyStatus;
use leptos::ev;
use leptos::prelude::*;

use crate::components::icon::icon;
use crate::components::skeleton::skeleton;
use crate::erased::{live, memo};
use crate::keys::buttons::PAGE_TITLE;
use crate::keys::row::failure_note;
use crate::keys::status::{label, picture};
use crate::keys::store::Keys;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Loading,
    /// There is no such key.
    Unknown,
    Failed,
    Ready,
}

pub fn frame(keys: Keys) -> AnyView {
    let opened = keys.opened;
    let state = memo(move || {
        if opened.key.read().as_ref().is_some_and(|key| key.id == *opened.id.read()) {
            return State::Ready;
        }
        match opened.load.failure() {
            None => State::Loading,
            Some(error) if error.status() == Some(404) => State::Unknown,
            Some(_) => State::Failed,
        }
    });
    let retry = move || untrack(|| keys.load_opened(opened.id.get_untracked()));
    let body = move || match state.get() {
        State::Loading => skeleton("Loading the API key"),
        State::Unknown => unknown(keys),
        State::Failed => opened.load.failed("The API key could not be loaded", retry),
        State::Ready => untrack(keys.later.page),
    };
    let title = move || opened.key.read().as_ref().map(|key| key.name.clone());
    let close_on_escape = move |event: ev::KeyboardEvent| {
        if event.key() == "Escape" {
            keys.close();
        }
    };
    view! {
        <section class="key-page" aria-labelledby=PAGE_TITLE on:keydown=close_on_escape>
            <div class="key-page-head">
                <div>
                    <h2 id=PAGE_TITLE tabindex="-1">
                        {move || title().unwrap_or_else(|| "API key".to_owned())}
                    </h2>
                    {live(move || status(keys))}
                </div>
                <button type="button" class="button" on:click=move |_| keys.close()>"Close"</button>
            </div>
            {live(move || failure(keys))}
            {live(body)}
        </section>
    }
    .into_any()
}

fn status(keys: Keys) -> AnyView {
    let key = keys.opened.key.read();
    let Some(key) = key.as_ref() else { return ().into_any() };
    let status = KeyStatus::of(key, keys.pages.context.now.get());
    let class = format!("status status-{}", status.as_str());
    view! { <p class=class>{icon(picture(status))} {label(status)}</p> }.into_any()
}

/// What could not be done, since the row that would say it may be hidden.
fn failure(keys: Keys) -> AnyView {
    let id = keys.opened.id.get();
    match keys.failure(&id) {
        Some(text) => failure_note(keys, StoredValue::new(id), text),
        None => ().into_any(),
    }
}

fn unknown(keys: Keys) -> AnyView {
    let id = move || keys.opened.id.get();
    view! {
        <p role="alert">"No key has the id " <code>{id}</code> "."</p>
        <p class="hint">"It may have been deleted. The audit log says by whom."</p>
    }
    .into_any()
}
