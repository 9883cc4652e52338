//! One secret in the table.

use std::time::Duration;

use keyward_api::roles::Role;
use keyward_api::secrets::Secret;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::action::{Action, action};
use crate::components::menu::{Item, menu};
use crate::components::time::{Instant, Short};
use crate::erased::{either, live, memo};
use crate::secrets::store::{DialogRequest, Secrets, reveal_button};
use crate::secrets::under::under;

const SAYS_SO: Duration = Duration::from_secs(4);

/// It follows its secret by id, so that a change keeps the row, and with it the focus.
#[component]
pub fn Row(id: StoredValue<String>) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let secret = memo(move || secrets.get(&id.read_value()));
    let key = memo(move || secret.get().map(|secret| secret.key).unwrap_or_default());
    let description = live(move || match secret.get().and_then(|secret| secret.description) {
        Some(text) => view! { <p class="lines">{text}</p> }.into_any(),
        None => view! { <span class="quiet">"None"</span> }.into_any(),
    });
    let updated = live(move || match secret.get() {
        Some(Secret { updated_at: at, .. }) => {
            view! { <Instant at short=Short::Relative is_tab_stop=false/> }.into_any()
        }
        None => ().into_any(),
    });
    let may = memo(move || secrets.pages.context.session.may(Role::Editor));
    let actions = either(
        may,
        move || view! { <Actions id secret key/> }.into_any(),
        move || details(secrets, id, key),
    );
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">
                <code class="lines">{move || key.get()}</code>
            </th>
            <td role="cell" class="cell-description" data-label="Description">{description}</td>
            <td role="cell" class="cell-updated" data-label="Last updated">{updated}</td>
            <td role="cell" class="cell-actions">{actions}</td>
        </tr>
        {under(secrets, id, key)}
    }
}

/// All that a viewer may do.
fn details(secrets: Secrets, id: StoredValue<String>, key: Memo<String>) -> AnyView {
    let button = Action {
        says: "Details",
        label: format!("Details of {}", key.get_untracked()),
        id: menu_button(&id.read_value()),
        ..Action::default()
    };
    action(button, move || secrets.open_details(&key.get_untracked()))
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
    let item = move |says, run: fn(Secrets, Secret)| {
        let run = Callback::new(move |()| {
            if let Some(secret) = secret.get_untracked() {
                run(secrets, secret);
            }
        });
        Item { says, run, is_off: false }
    };
    let items = vec![
        item("Details", |secrets, secret| secrets.open_details(&secret.key)),
        item("Edit", |secrets, secret| secrets.request_dialog(DialogRequest::Edit(secret))),
        item("Delete", |secrets, secret| secrets.request_dialog(DialogRequest::Delete(secret))),
    ];
    let label = format!("Actions for {}", key.get_untracked());
    view! {
        <div class="actions">
            <button
                type="button"
                class="button button-small button-reveal"
                id=reveal_button(&id.read_value())
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
            {menu(menu_button(&id.read_value()), label, "", items)}
        </div>
    }
}

/// The id of a button that takes the focus when a row or its dialog goes.
pub fn menu_button(id: &str) -> String {
    format!("actions-{id}")
}

fn reveal_or_hide(secrets: Secrets, secret: Secret, _: RwSignal<&'static str>) {
    if secrets.is_revealed(&secret.id) {
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
