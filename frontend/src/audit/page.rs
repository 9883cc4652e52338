//! `/admin/audit`.

use keyward_api::paths;
use leptos::prelude::*;

use crate::audit::chain::Chain;
use crate::audit::row::row;
use crate::audit::store::Audit;
use crate::audit::toolbar::AuditToolbar;
use crate::components::icon::{Icon, icon};
use crate::components::section_head::Heading;
use crate::components::table::table;
use crate::components::title::use_title;
use crate::erased::live;
use crate::lists::section::{Empty, Section, list_section};

const SECTION: Section = Section {
    heading: Heading {
        id: "audit-title",
        title: "Audit log",
        lead: "Every change and every read of a value. Values are never recorded.",
        hint: "",
    },
    loading: "Loading the audit log",
    failed: "The audit log could not be loaded",
    empty: Empty { title: "No entries yet", text: "", example: "" },
    // The toolbar stands above the list in every state.
    toolbar: || ().into_any(),
    rows: || {
        let entries = expect_context::<Audit>().entries;
        let rows = live(move || entries.read().iter().map(row).collect_view().into_any());
        table("entries", "Audit log", &COLUMNS, rows)
    },
    pager: ["Newest", "Newer", "Older"],
};

const COLUMNS: [&str; 4] = ["Time", "Entry", "Address", "More"];

#[component]
pub fn AuditPage() -> impl IntoView {
    use_title("Audit log");
    let audit = Audit::load_from_server();
    provide_context(audit);
    let export = view! {
        <a class="button" href=move || audit.pages.path_at(paths::AUDIT_EXPORT) download="keyward-audit.jsonl">
            {icon(Icon::Download)} "Export as JSON lines"
        </a>
    };
    let above = view! { <Chain/> <AuditToolbar/> };
    list_section(audit.pages, &SECTION, export.into_any(), above.into_any(), ().into_any())
}
