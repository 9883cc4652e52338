//! One secret in the table.

use std::time::Duration;

use keyward_api::secrets::Secret;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::action::{Action, action};
use crate::components::time::{Instant, Short};
use crate::components::value_field::measured;
use crate::erased::{live, memo};
use crate::secrets::store::{DialogRequest, Secrets};

const SAYS_SO: Duration = Duration::from_secs(4);

/// It follows its secret by id, so that a change keeps the row, and with it the focus.
#[component]
pub fn Row(id: StoredValue<String>) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let secret = memo(move || secrets.get(&id.read_value()));
    let key = memo(move || secret.get().map(|secret| secret.key).unwrap_or_default());
    let description = live(move || match secret.get().and_then(|secret| secret.description) {
        Some(text) => view! { <p>{text}</p> }.into_any(),
        None => view! { <span class="quiet">"None"</span> }.into_any(),
    });
    let updated = live(move || match secret.get() {
        Some(secret) => view! { <Instant at=secret.updated_at short=Short::Relative/> }.into_any(),
        None => ().into_any(),
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name"><code>{move || key.get()}</code></th>
            <td role="cell" class="cell-description" data-label="Description">
                {description}
                <Value id key/>
            </td>
            <td role="cell" data-label="Last updated">{updated}</td>
            <td role="cell" class="cell-actions"><Actions id secret key/></td>
        </tr>
    }
}

/// The revealed value, ready to be copied by hand.
#[component]
fn Value(id: StoredValue<String>, key: Memo<String>) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let is_shown = memo(move || secrets.value(&id.read_value()).is_some());
    live(move || {
        if !is_shown.get() {
            return ().into_any();
        }
        let field = NodeRef::<html::Textarea>::new();
        // Selected in the next frame: an arriving value drops the selection.
        request_animation_frame(move || {
            if let Some(field) = field.try_get_untracked().flatten() {
                let _ = field.focus();
                field.select();
            }
        });
        let measure = move || {
            let value = secrets.value(&id.read_value()).unwrap_or_default();
            // A text field turns CR LF into LF, also in what is copied from it.
            let is_changed = value.contains('\r');
            let copy =
                if is_changed { ". Copy keeps the line ends; this field does not." } else { "." };
            format!("{}{copy}", measured(&value))
        };
        view! {
            <textarea
                class="copy-text secret-value"
                rows="1"
                readonly
                aria-label=move || format!("Value of {}", key.get())
                autocomplete="off"
                spellcheck="false"
                node_ref=field
                prop:value=move || secrets.value(&id.read_value()).unwrap_or_default()
            ></textarea>
            <p class="meta">{measure}</p>
        }
        .into_any()
    })
}

#[component]
fn Actions(
    id: StoredValue<String>,
    secret: Memo<Option<Secret>>,
    key: Memo<String>,
) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let is_busy = memo(move || secrets.revealing.read().contains(&*id.read_value()));
    let is_shown = memo(move || secrets.value(&id.read_value()).is_some());
    let copy_says = RwSignal::new("Copy");
    let of_row = move |act: fn(Secrets, Secret, RwSignal<&'static str>)| {
        if let Some(secret) = secret.get_untracked() {
            act(secrets, secret, copy_says);
        }
    };
    let busy = move || is_busy.get().then_some("true");
    let named = move |says: &str| format!("{says} {}", key.get());
    let reveal_says = move || if is_shown.get() { "Hide" } else { "Reveal" };
    let [edit, delete] = [("Edit", false), ("Delete", true)].map(|(says, is_removal)| {
        let id = if is_removal { delete_button(&id.read_value()) } else { String::new() };
        let label = format!("{says} {}", key.get_untracked());
        action(Action { says, label, is_removal, id }, move || {
            let dialog = if is_removal { DialogRequest::Delete } else { DialogRequest::Edit };
            secrets.dialog_request.set(secret.get_untracked().map(dialog));
        })
    });
    view! {
        <div class="actions">
            <button
                type="button"
                class="button button-small button-reveal"
                aria-label=move || named(reveal_says())
                aria-disabled=busy
                on:click=move |_| of_row(reveal_or_hide)
            >
                {move || reveal_says()}
            </button>
            <button
                type="button"
                class="button button-small button-copy"
                aria-label=move || named(copy_says.get())
                aria-disabled=busy
                on:click=move |_| of_row(copy)
            >
                <span aria-live="polite">{move || copy_says.get()}</span>
            </button>
            {edit}
            {delete}
        </div>
    }
}

/// The id of a button that takes the focus when a row goes.
pub fn delete_button(id: &str) -> String {
    format!("delete-{id}")
}

fn reveal_or_hide(secrets: Secrets, secret: Secret, _: RwSignal<&'static str>) {
    if secrets.revealed.read_untracked().as_ref().is_some_and(|(id, _)| *id == secret.id) {
        secrets.hide();
    } else {
        spawn_local(async move { secrets.reveal(&secret).await });
    }
}

fn copy(secrets: Secrets, secret: Secret, says: RwSignal<&'static str>) {
    spawn_local(async move {
        let Some(is_copied) = secrets.copy(&secret).await else { return };
        says.try_set(if is_copied { "Copied" } else { "Press Ctrl+C" });
        set_timeout(move || _ = says.try_set("Copy"), SAYS_SO);
    });
}
