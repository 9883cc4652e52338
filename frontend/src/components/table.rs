//! A table of rows. On a narrow page the style turns each row into a card; the names of the
//! columns are then read from `data-label`. The roles are written out because some browsers
//! forget that a table is one when its style says otherwise.

use leptos::prelude::*;

/// A last column that holds controls; its name is for screen readers alone.
const OF_CONTROLS: [&str; 2] = ["Actions", "More"];

pub fn table(
    class: &'static str,
    caption: &'static str,
    columns: &'static [&'static str],
    rows: AnyView,
) -> AnyView {
    let column = |name: &&'static str| {
        let class = if OF_CONTROLS.contains(name) { "visually-hidden" } else { "" };
        view! { <th role="columnheader" scope="col"><span class=class>{*name}</span></th> }
            .into_any()
    };
    with_head(class, caption, columns.iter().map(column).collect_view().into_any(), rows)
}

/// `head` is the cells of the first row.
pub fn with_head(
    class: &'static str,
    caption: &'static str,
    head: AnyView,
    rows: AnyView,
) -> AnyView {
    view! {
        <table class=class role="table">
            <caption class="visually-hidden">{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">{head}</tr>
            </thead>
            <tbody role="rowgroup">{rows}</tbody>
        </table>
    }
    .into_any()
}
