//! `/admin/audit`.

use keyward_api::paths;
use leptos::prelude::*;

use crate::audit::chain::Chain;
use crate::audit::row::row;
use crate::audit::store::Audit;
use crate::audit::toolbar::AuditToolbar;
use crate::components::icon::{Icon, icon};
use crate::components::title::use_title;
use crate::erased::live;
use crate::pages::view::{Views, list};

#[component]
pub fn AuditPage() -> impl IntoView {
    use_title("Audit log");
    let audit = Audit::load_from_server();
    provide_context(audit);
    view! {
        <section aria-labelledby="audit-title">
            <div class="section-head">
                <div>
                    <h1 id="audit-title">"Audit log"</h1>
                    <p class="lead">"Every change, and every reading of a value. It never holds a value."</p>
                </div>
                <a class="button" href=move || audit.pages.path_at(paths::AUDIT_EXPORT) download="keyward-audit.jsonl">
                    {icon(Icon::Download)} "Export as JSON lines"
                </a>
            </div>
            <Chain/>
            <AuditToolbar/>
            {list(audit.pages, &VIEWS).0}
        </section>
    }
}

const VIEWS: Views = Views {
    loading: "Loading the audit log",
    failed: "The audit log could not be loaded",
    // The toolbar stands above the list in every state.
    toolbar: || ().into_any(),
    empty: || view! { <div class="empty"><h2>"No entries yet"</h2></div> }.into_any(),
    rows: || view! { <Table/> }.into_any(),
    pager: ["Newest", "Newer", "Older"],
};

#[component]
fn Table() -> impl IntoView {
    let audit: Audit = expect_context();
    view! {
        <table class="rows audit" role="table">
            <caption class="visually-hidden">"Audit log"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Time"</th>
                    <th role="columnheader" scope="col">"Actor"</th>
                    <th role="columnheader" scope="col">"Action"</th>
                    <th role="columnheader" scope="col">"Target"</th>
                    <th role="columnheader" scope="col">"Outcome"</th>
                    <th role="columnheader" scope="col">"Address"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"More"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                {live(move || audit.entries.read().iter().map(row).collect_view().into_any())}
            </tbody>
        </table>
    }
}
