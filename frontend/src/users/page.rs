//! What is on the page.

use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::section_head::{Heading, add_button};
use crate::components::table::table;
use crate::components::title::use_title;
use crate::lists::pager::LABELS;
use crate::lists::section::{Empty, Section, list_section};
use crate::lists::toolbar::toolbar;
use crate::users::banner::banners;
use crate::users::dialogs::dialogs;
use crate::users::invitations::invitations;
use crate::users::row::{COLUMNS, row};
use crate::users::store::{DialogRequest, Users};

const SECTION: Section = Section {
    heading: Heading {
        id: "users-title",
        title: "People",
        lead: "Who can sign in, and what each may do. Give everybody the least that is enough.",
        hint: "",
    },
    loading: "Loading people",
    failed: "People could not be loaded",
    empty: Empty { title: "Nobody yet", text: "", example: "" },
    toolbar: || toolbar(expect_context::<Users>().pages, ().into_any()),
    rows: || {
        let ids = expect_context::<Users>().pages.ids;
        let rows = view! { <Each ids draw=row/> };
        table("rows users", "People", &COLUMNS, rows.into_any())
    },
    pager: LABELS,
};

#[component]
pub fn UsersPage() -> impl IntoView {
    use_title("People");
    let users = Users::load_from_server();
    provide_context(users);
    let invite = Callback::new(move |()| users.request_dialog(DialogRequest::Invite));
    list_section(
        users.pages,
        &SECTION,
        add_button("Invite", users.add_button, RwSignal::new(false), invite),
        banners(),
        view! { {invitations(users)} {dialogs(users)} }.into_any(),
    )
}
