//! What is known of the key. What can be changed has a button beside it, which stays where it is
//! when the key changes, and with it the focus.

use std::sync::Arc;

use keyward_api::keys::ApiKey;
use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::clock;
use crate::components::action::{Action, action};
use crate::components::copy_button::copy_button;
use crate::components::time::{Instant, Short};
use crate::erased::{live, when};
use crate::keys::cells::{Cell, chip, expires};
use crate::keys::limits::Limits;
use crate::keys::overlap::overlap_note;
use crate::keys::rights::ONLY_ADMIN;
use crate::keys::status::overlap_at;
use crate::keys::store::{DialogRequest, Keys};

type Key = Memo<Option<ApiKey>>;

pub fn facts(keys: Keys, key: Key) -> AnyView {
    let now = keys.pages.context.now;
    let may_change = move || {
        let key = key.read();
        key.as_ref().is_some_and(|key| !key.unreadable && keys.may_change(key))
    };
    let is_for_admins = move || {
        let key = key.read();
        keys.may(Role::Editor) && key.as_ref().is_some_and(|key| !keys.may_change(key))
    };
    let has_overlap =
        move || key.read().as_ref().is_some_and(|key| overlap_at(key, now.get()).is_some());
    let change = move |label: &'static str, request: fn(ApiKey) -> DialogRequest| {
        when(may_change, move || change(keys, key, label, request))
    };
    view! {
        {when(is_for_admins, || view! { <p class="hint">{ONLY_ADMIN}</p> }.into_any())}
        <dl class="key-facts">
            {fact("Name", part(key, name), change("Rename", DialogRequest::Rename))}
            {fact("Scopes", part(key, scopes), change("Change scopes", DialogRequest::ChangeScopes))}
            {fact("Limits", part(key, limits), change("Change limits", DialogRequest::ChangeLimits))}
            {fact("Expires", part(key, expires_at), change("Change expiry", DialogRequest::ChangeExpiry))}
            {when(has_overlap, move || fact("Old key", part(key, overlap_note), ().into_any()))}
            {fact("Last used", part(key, last_used), ().into_any())}
            {fact("Created", part(key, created), ().into_any())}
            {copied(key, "Prefix", "Copy prefix", |key| key.prefix.clone())}
            {copied(key, "Id", "Copy id", |key| key.id.clone())}
        </dl>
    }
    .into_any()
}

fn fact(term: &'static str, value: AnyView, change: AnyView) -> AnyView {
    view! { <div><dt>{term}</dt> <dd>{value}</dd> <dd class="fact-change">{change}</dd></div> }
        .into_any()
}

/// Draws a part of the key again when it changes.
fn part(key: Key, draw: Cell) -> AnyView {
    live(move || key.read().as_ref().map_or_else(|| ().into_any(), draw))
}

fn change(
    keys: Keys,
    key: Key,
    label: &'static str,
    request: fn(ApiKey) -> DialogRequest,
) -> AnyView {
    let says = if label == "Rename" { label } else { "Change" };
    let button = Action { says, label: label.to_owned(), ..Action::default() };
    action(button, move || {
        if let Some(key) = key.get_untracked() {
            keys.request_dialog(request(key));
        }
    })
}

/// A text of the key with a button that copies it.
fn copied(key: Key, term: &'static str, label: &str, text: fn(&ApiKey) -> String) -> AnyView {
    let text = move || key.read().as_ref().map(text).unwrap_or_default();
    let copy = copy_button(label.to_owned(), Arc::new(text));
    fact(term, view! { <code>{text}</code> }.into_any(), copy)
}

fn name(key: &ApiKey) -> AnyView {
    key.name.clone().into_any()
}

fn scopes(key: &ApiKey) -> AnyView {
    let mut all = key.scopes.iter().map(chip).peekable();
    if all.peek().is_none() {
        return view! { <span class="quiet">"None: it only identifies the caller."</span> }
            .into_any();
    }
    view! { <ul class="chips">{all.collect_view()}</ul> }.into_any()
}

fn limits(key: &ApiKey) -> AnyView {
    let mut limits = Limits::of(key).in_words().into_iter().peekable();
    if limits.peek().is_none() {
        return view! { <span class="quiet">"None: from everywhere, as often as it comes."</span> }
            .into_any();
    }
    limits.map(|limit| view! { <p>{limit}</p> }).collect_view().into_any()
}

fn expires_at(key: &ApiKey) -> AnyView {
    let exact = key.expires_at.map(|end| clock::second(clock::local(end)));
    let exact = exact.map(|exact| view! { <span class="meta">{exact}</span> });
    view! { {expires(key)} " " {exact} }.into_any()
}

fn created(key: &ApiKey) -> AnyView {
    let by = key.created_by.as_ref().map(|by| format!(" by {by}"));
    view! { <Instant at=key.created_at short=Short::Second is_tab_stop=false/> {by} }.into_any()
}

fn last_used(key: &ApiKey) -> AnyView {
    let Some(at) = key.last_used_at else {
        return view! { <span class="quiet">"Never"</span> }.into_any();
    };
    let from = key.last_used_address.as_ref().map(|address| format!(" from {address}"));
    let exact = clock::second(clock::local(at));
    view! {
        <Instant at short=Short::Relative is_tab_stop=false/> {from} " "
        <span class="meta">{exact}</span>
    }
    .into_any()
}
