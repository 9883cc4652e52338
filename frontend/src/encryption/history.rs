//! The table of data keys.

use keyward_api::encryption::{DataKey, DataKeyState};
use leptos::prelude::*;

use crate::components::breakable::breakable;
use crate::components::icon::{Icon, icon};
use crate::components::time::{Instant, Short};
use crate::encryption::store::Encryption;
use crate::erased::live;

#[component]
pub fn History() -> impl IntoView {
    let encryption: Encryption = expect_context();
    view! {
        <h2>"Data keys"</h2>
        <table class="rows" role="table">
            <caption class="visually-hidden">"Data keys"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Version"</th>
                    <th role="columnheader" scope="col">"State"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col">"By"</th>
                    <th role="columnheader" scope="col">"Retired"</th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                {live(move || {
                    let status = encryption.status.read();
                    let keys = status.as_ref().map_or(&[][..], |status| &status.keys);
                    keys.iter().map(row).collect_view().into_any()
                })}
            </tbody>
        </table>
    }
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
