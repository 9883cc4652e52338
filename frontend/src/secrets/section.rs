//! The secrets section.

use leptos::html;
use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::section_head::{Heading, add_button};
use crate::components::table::table;
use crate::erased::live;
use crate::lists::pager::LABELS;
use crate::lists::section::{Empty, Section, list_section};
use crate::lists::toolbar::toolbar;
use crate::roles::for_editors;
use crate::secrets::delete::DeleteDialog;
use crate::secrets::details::DetailsDialog;
use crate::secrets::form::SecretForm;
use crate::secrets::row::Row;
use crate::secrets::store::{DETAILS_OF, DialogRequest, Secrets};

const SECTION: Section = Section {
    heading: Heading {
        id: "secrets-title",
        title: "Secrets",
        lead: "Kept encrypted. Each time a value is revealed or copied, the audit log records it.",
        hint: "",
    },
    loading: "Loading secrets",
    failed: "Secrets could not be loaded",
    empty: Empty {
        title: "No secrets yet",
        text: "Add a password, a token or a connection string. A program reads it with an API key that has the scope secrets:read.",
        example: "/api/secrets/MY_API_KEY",
    },
    toolbar: || toolbar(expect_context::<Secrets>().pages, ().into_any()),
    rows: || {
        let ids = expect_context::<Secrets>().pages.ids;
        let rows = view! { <Each ids draw=|id| view! { <Row id/> }.into_any()/> };
        table("rows secrets", "Secrets", &COLUMNS, rows.into_any())
    },
    pager: LABELS,
};

const COLUMNS: [&str; 4] = ["Key", "Description", "Last updated", "Actions"];

#[component]
pub fn SecretsSection() -> impl IntoView {
    let secrets = Secrets::load_from_server();
    provide_context(secrets);
    let add = Callback::new(move |()| secrets.request_dialog(DialogRequest::Add));
    list_section(
        secrets.pages,
        &SECTION,
        for_editors(secrets.pages.context.session, move || {
            add_button("Add secret", secrets.add_button, RwSignal::new(false), add)
        }),
        ().into_any(),
        view! { {dialogs(secrets)} {details(secrets)} }.into_any(),
    )
}

/// The address names the secret whose details are shown.
fn details(secrets: Secrets) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| secrets.close_details());
    let key = secrets.pages.context.location.query_value(DETAILS_OF);
    live(move || match key.get() {
        key if key.is_empty() => ().into_any(),
        key => view! { <DetailsDialog key dialog on_close/> }.into_any(),
    })
}

fn dialogs(secrets: Secrets) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| secrets.dialog_request.set(None));
    live(move || match secrets.dialog_request.get() {
        Some(DialogRequest::Add) => view! { <SecretForm secret=None dialog on_close/> }.into_any(),
        Some(DialogRequest::Edit(secret)) => {
            view! { <SecretForm secret=Some(secret) dialog on_close/> }.into_any()
        }
        Some(DialogRequest::Delete(secret)) => {
            view! { <DeleteDialog secret dialog on_close/> }.into_any()
        }
        None => ().into_any(),
    })
}
