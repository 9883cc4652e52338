//! The table of keys, whose headings sort it.

use std::time::Duration;

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::table::with_head;
use crate::erased::when;
use crate::keys::order::{COLUMNS, Column};
use crate::keys::row::Row;
use crate::keys::store::Keys;
use crate::lists::listing::SORT;

/// The column of the buttons.
const ACTIONS: &str = "Actions";

pub fn key_table(keys: Keys) -> AnyView {
    let rows = view! { <Each ids=keys.pages.ids draw=|id| view! { <Row id/> }.into_any()/> };
    let can_choose = move || keys.chosen.read().is_some();
    let head = view! {
        {when(can_choose, || {
            view! {
                <th role="columnheader" scope="col" class="cell-check">
                    <span class="visually-hidden">"Selected"</span>
                </th>
            }
            .into_any()
        })}
        {COLUMNS.iter().map(|column| {
            let draw = move || heading(keys, column);
            if column.name == ACTIONS { when(move || keys.may(Role::Editor), draw) } else { draw() }
        }).collect_view()}
    };
    view! {
        {when(can_choose, move || untrack(keys.later.chosen_bar))}
        <div class="table" class:can-choose=can_choose class:has-actions=move || keys.may(Role::Editor)>
            {with_head("keys", "API keys", head.into_any(), rows.into_any())}
        </div>
    }
    .into_any()
}

fn heading(keys: Keys, column: &'static Column) -> AnyView {
    let order = move || keys.pages.text(SORT);
    let sort = move |_| {
        let next = column.next(&untrack(order)).to_owned();
        keys.pages.look_for(SORT, next, Duration::ZERO);
    };
    let arrow = move || match column.direction(&order()) {
        Some("ascending") => "\u{2191}",
        Some(_) => "\u{2193}",
        None => "",
    };
    let content = if column.sorts() {
        view! {
            <button type="button" class="sort" on:click=sort>
                {column.name} <span aria-hidden="true">{arrow}</span>
            </button>
        }
        .into_any()
    } else {
        let class = if column.name == ACTIONS { "visually-hidden" } else { "" };
        view! { <span class=class>{column.name}</span> }.into_any()
    };
    view! {
        <th
            role="columnheader"
            scope="col"
            class=column.class
            aria-sort=move || column.direction(&order())
        >
            {content}
        </th>
    }
    .into_any()
}
