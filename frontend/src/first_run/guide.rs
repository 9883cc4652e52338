//! The three steps, of which the last waits for the first call of a program.

use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::erased::{either, memo};
use crate::first_run::first_call::FirstCall;
use crate::first_run::snippet::snippets;
use crate::routes;
use crate::text::quoted;

pub fn guide() -> AnyView {
    let call = FirstCall::wait();
    let has_key = memo(move || call.last.read().is_some());
    let is_called =
        memo(move || call.last.read().as_ref().is_some_and(|key| key.last_used_at.is_some()));
    let name = move || call.last.read().as_ref().map(|key| quoted(&key.name)).unwrap_or_default();
    let add = either(
        has_key,
        move || view! { <p>"There is " {name} "."</p> }.into_any(),
        || {
            view! {
                <p>"One for each program that calls, so that each can be revoked alone."</p>
                <p><a class="button button-primary" href=routes::NEW_KEY>{icon(Icon::Plus)} "Add API key"</a></p>
            }
            .into_any()
        },
    );
    view! {
        <section class="guide" aria-labelledby="guide-title">
            <h2 id="guide-title">"To the first call"</h2>
            <ol>
                {step("Add a key", has_key, add)}
                {step("Put Keyward in front", is_called, snippets())}
                {step("Call", is_called, call.line())}
            </ol>
        </section>
    }
    .into_any()
}

fn step(title: &'static str, is_done: Memo<bool>, body: AnyView) -> AnyView {
    let mark = either(
        is_done,
        || view! { {icon(Icon::Check)} <span class="visually-hidden">"Done: "</span> }.into_any(),
        || ().into_any(),
    );
    view! {
        <li class:is-done=move || is_done.get()>
            <h3>{mark} {title}</h3>
            {body}
        </li>
    }
    .into_any()
}
