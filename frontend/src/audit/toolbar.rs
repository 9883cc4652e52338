//! The form of the filter. It acts while the person types; the address keeps it.

use keyward_api::audit::Action;
use leptos::prelude::*;

use crate::audit::store::Audit;
use crate::erased::when;
use crate::lists::toolbar::{filter_list, filter_text, refresh};

#[component]
pub fn AuditToolbar() -> impl IntoView {
    let audit: Audit = expect_context();
    let pages = audit.pages;
    let clear = move |_| pages.clear();
    view! {
        <div class="toolbar filters" role="search" aria-label="Audit log">
            {filter_text(pages, "actor", "Actor", "text")}
            {filter_list(pages, "action", "Action", actions())}
            {filter_text(pages, "target", "Target", "text")}
            {filter_list(pages, "outcome", "Outcome", outcomes())}
            {filter_text(pages, "from", "From", "date")}
            {filter_text(pages, "to", "To", "date")}
            {when(move || pages.is_narrowed(), move || view! {
                <button type="button" class="button button-quiet" on:click=clear>"Clear filters"</button>
            }.into_any())}
            {refresh(move || audit.reload())}
        </div>
    }
}

/// Each noun, for all of its actions, followed by these.
fn actions() -> Vec<(&'static str, String)> {
    let mut options = vec![("", "Any".to_owned())];
    for actions in Action::ALL.chunk_by(|a, b| a.noun() == b.noun()) {
        let noun = actions[0].noun();
        options.push((noun, format!("{noun}: any")));
        options.extend(actions.iter().map(|action| (action.as_str(), action.as_str().to_owned())));
    }
    options
}

fn outcomes() -> Vec<(&'static str, String)> {
    [("", "Any"), ("success", "Success"), ("refused", "Refused")]
        .map(|(value, label)| (value, label.to_owned()))
        .to_vec()
}
