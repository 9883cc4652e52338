//! The table of keys, and the dialogs that its rows open.

use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::table::table;
use crate::keys::dialogs::dialogs;
use crate::keys::row::Row;
use crate::keys::store::Keys;

const COLUMNS: [&str; 8] =
    ["Name", "Key", "Scopes", "Created", "Last used", "Expires", "Status", "Actions"];

pub fn key_table(keys: Keys) -> AnyView {
    let rows = view! { <Each ids=keys.pages.ids draw=|id| view! { <Row id/> }.into_any()/> };
    view! { {table("rows keys", "API keys", &COLUMNS, rows.into_any())} {dialogs(keys)} }.into_any()
}
