//! One key in the table. A row has three tab stops: its name, and two buttons; or, while keys can be
//! ticked, its box, its name and its menu.

use keyward_api::roles::Role;
use leptos::ev;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::context::context;
use crate::erased::{either, live, memo, when};
use crate::keys::buttons::{delete_button, key_link};
use crate::keys::cells::{self, Cell};
use crate::keys::delete::DeleteButton;
use crate::keys::menu::RowMenu;
use crate::keys::overlap::overlap_note;
use crate::keys::status::overlap_at;
use crate::keys::store::Keys;
use crate::links::opens_elsewhere;

/// With a second row during the overlap, and another about a change that failed. It follows its key
/// by id, so that a change keeps the row, and with it the focus.
#[component]
pub fn Row(id: StoredValue<String>) -> impl IntoView {
    let (keys, now): (Keys, _) = (expect_context(), context().now);
    let key = memo(move || keys.get(&id.read_value()));
    let is_readable = move || key.read().as_ref().is_some_and(|key| !key.unreadable);
    let cell =
        move |draw: Cell| live(move || key.read().as_ref().map_or_else(|| ().into_any(), draw));
    let has_overlap = memo(move || {
        let now = now.get();
        key.read().as_ref().is_some_and(|key| overlap_at(key, now).is_some())
    });
    let name = memo(move || key.get().map(|key| key.name).unwrap_or_default());
    let can_choose = memo(move || keys.chosen.read().is_some());
    let is_armed = move || keys.armed.read().as_ref().is_some_and(|one| one.id == *id.read_value());
    let is_open = move || *keys.opened.id.read() == *id.read_value();
    let delete = move || {
        let button = delete_button(&id.read_value());
        view! { <DeleteButton id name button/> }.into_any()
    };
    let actions = move || {
        view! {
            <td role="cell" class="cell-actions">
                <div class="actions">
                    {either(can_choose, || ().into_any(), delete)}
                    {when(is_readable, move || view! { <RowMenu id name has_overlap/> }.into_any())}
                </div>
            </td>
        }
        .into_any()
    };
    view! {
        <tr
            role="row"
            class:row-armed=is_armed
            class:row-open=is_open
            class:has-note=move || has_overlap.get() || keys.failure(&id.read_value()).is_some()
        >
            {when(move || can_choose.get(), move || check_box(keys, id, name))}
            <th role="rowheader" scope="row" class="cell-name">{name_link(keys, id, name)}</th>
            <td role="cell" class="cell-key">{cell(cells::prefix)}</td>
            <td role="cell" class="cell-scopes">{cell(cells::scopes)}</td>
            <td role="cell" class="cell-created">{cell(cells::created)}</td>
            <td role="cell" class="cell-used">{cell(cells::last_used)}</td>
            <td role="cell" class="cell-expires">{cell(cells::expires)}</td>
            <td role="cell" class="cell-status">{cell(cells::status)}</td>
            {when(move || keys.may(Role::Editor), actions)}
        </tr>
        {when(move || has_overlap.get(), move || note_row("overlap", cell(overlap_note)))}
        {failure_row(keys, id)}
    }
}

/// Leads to the page of the key.
fn name_link(keys: Keys, id: StoredValue<String>, name: Memo<String>) -> AnyView {
    let open = move |event: ev::MouseEvent| {
        if !opens_elsewhere(&event) {
            event.prevent_default();
            keys.open(&id.read_value());
        }
    };
    view! {
        <a
            id=key_link(&id.read_value())
            href=move || keys.opened.address_of(&id.read_value())
            title=move || name.get()
            aria-current=move || (*keys.opened.id.read() == *id.read_value()).then_some("true")
            on:click=open
        >
            {move || name.get()}
        </a>
    }
    .into_any()
}

fn check_box(keys: Keys, id: StoredValue<String>, name: Memo<String>) -> AnyView {
    let is_chosen =
        move || keys.chosen.read().as_ref().is_some_and(|all| all.contains(&*id.read_value()));
    view! {
        <td role="cell" class="cell-check">
            <input
                type="checkbox"
                aria-label=move || format!("Select {}", name.get())
                prop:checked=is_chosen
                on:change=move |event| keys.choose(&id.read_value(), event_target_checked(&event))
            />
        </td>
    }
    .into_any()
}

/// A row below that of the key.
fn note_row(class: &'static str, note: AnyView) -> AnyView {
    view! { <tr role="row" class=class><td role="cell" class="cell-note">{note}</td></tr> }
        .into_any()
}

/// What could not be done, unless the page of the key says it.
fn failure_row(keys: Keys, id: StoredValue<String>) -> AnyView {
    live(move || {
        let is_open = *keys.opened.id.read() == *id.read_value();
        match keys.failure(&id.read_value()).filter(|_| !is_open) {
            Some(text) => note_row("failure", failure_note(keys, id, text)),
            None => ().into_any(),
        }
    })
}

/// In the page only while there is something to say, so that it is announced.
pub fn failure_note(keys: Keys, id: StoredValue<String>, text: String) -> AnyView {
    view! {
        <div class="failure-note" role="alert">
            {icon(Icon::Warning)}
            <p>{text}</p>
            <button
                type="button"
                class="button button-small"
                on:click=move |_| keys.forget_failure(&id.read_value())
            >
                "Close"
            </button>
        </div>
    }
    .into_any()
}
