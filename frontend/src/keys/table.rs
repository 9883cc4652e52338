//! The table of keys. On a narrow page the style turns each row into a card; the names
//! of the columns are then read from `data-label`. The roles are written out because some
//! browsers forget that a table is one when its style says otherwise.

use leptos::prelude::*;

use crate::components::each::Each;
use crate::keys::dialogs::dialogs;
use crate::keys::row::Row;
use crate::keys::store::Keys;

#[component]
pub fn KeyTable() -> impl IntoView {
    let keys: Keys = expect_context();
    view! {
        <table class="rows keys" role="table">
            <caption class="visually-hidden">"API keys"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Name"</th>
                    <th role="columnheader" scope="col">"Key"</th>
                    <th role="columnheader" scope="col">"Scopes"</th>
                    <th role="columnheader" scope="col">"Created"</th>
                    <th role="columnheader" scope="col">"Last used"</th>
                    <th role="columnheader" scope="col">"Expires"</th>
                    <th role="columnheader" scope="col">"Status"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <Each ids=keys.pages.ids draw=|id| view! { <Row id/> }.into_any()/>
            </tbody>
        </table>
        {dialogs(keys)}
    }
}
