//! The table of data keys.

use keyward_api::encryption::{DataKey, DataKeyState};
use leptos::prelude::*;

use crate::components::breakable::breakable;
use crate::components::icon::{Icon, icon};
use crate::components::table::table;
use crate::components::time::{Instant, Short};
use crate::encryption::store::Encryption;
use crate::erased::live;

const COLUMNS: [&str; 5] = ["Version", "State", "Created", "By", "Retired"];

pub fn history(encryption: Encryption) -> AnyView {
    let rows = live(move || {
        let status = encryption.status.read();
        let keys = status.as_ref().map_or(&[][..], |status| &status.keys);
        keys.iter().map(row).collect_view().into_any()
    });
    view! { <h2>"Data keys"</h2> {table("rows", "Data keys", &COLUMNS, rows)} }.into_any()
}

fn row(key: &DataKey) -> AnyView {
    let (class, picture, state) = match key.state {
        DataKeyState::Active => ("status status-active", Icon::Check, "Active"),
        DataKeyState::Retired => ("status status-disabled", Icon::Clock, "Retired"),
    };
    let retired = match key.retired_at {
        Some(at) => view! { <Instant at short=Short::Date/> }.into_any(),
        None => view! { <span class="quiet">"Not yet"</span> }.into_any(),
    };
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">{format!("Version {}", key.version)}</th>
            <td role="cell" data-label="State"><span class=class>{icon(picture)} {state}</span></td>
            <td role="cell" data-label="Created"><Instant at=key.created_at short=Short::Date/></td>
            <td role="cell" data-label="By"><span>{breakable(&key.created_by)}</span></td>
            <td role="cell" data-label="Retired">{retired}</td>
        </tr>
    }
    .into_any()
}
