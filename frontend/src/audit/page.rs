//! `/admin/audit`.

use leptos::prelude::*;

use crate::audit::chain::Chain;
use crate::audit::filter::Filter;
use crate::audit::filters::Filters;
use crate::audit::row::row;
use crate::audit::store::Audit;
use crate::components::icon::{Icon, icon};
use crate::components::skeleton::skeleton;
use crate::components::title::use_title;
use crate::hub::hub;
use crate::load::Shown;
use crate::once::{focus, live};
use crate::place::Go;

/// The page.
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
                <a class="button" href=move || audit.export() download="keyward-audit.jsonl">
                    {icon(Icon::Download)} "Export as JSON lines"
                </a>
            </div>
            <Chain/>
            <Filters/>
            <List/>
        </section>
    }
}

#[component]
fn List() -> impl IntoView {
    let audit: Audit = expect_context();
    let has_entries = move || !audit.entries.read().is_empty();
    let is_empty = move || !has_entries() && !audit.is_part.get();
    let shown = audit.load.shown(is_empty, has_entries);
    live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the audit log"),
        Shown::Failed => {
            audit.load.failed("The audit log could not be loaded", move || audit.reload())
        }
        Shown::Empty => view! {
            <div class="empty"><h2>"No entries yet"</h2></div>
        }
        .into_any(),
        Shown::NoMatch => view! { <NoMatch/> }.into_any(),
        Shown::Ready => view! { <Table/> <Parts/> }.into_any(),
    })
}

#[component]
fn NoMatch() -> impl IntoView {
    let place = hub().place;
    view! {
        <div class="empty">
            <h2>"No entries match"</h2>
            <p>"The log has entries, but none like these."</p>
            <button
                type="button"
                class="button"
                on:click=move |_| place.go(&Filter::default().address(""), Go::Refine)
            >
                "Clear filters"
            </button>
        </div>
    }
}

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

/// Older entries, and back. Each part has its address, so the back button works as well.
#[component]
fn Parts() -> impl IntoView {
    let audit: Audit = expect_context();
    // The link may be gone when the other part is here; the focus must not go with it.
    let to_top = move |_| {
        use wasm_bindgen::JsCast as _;
        let content = document().get_element_by_id("content");
        focus(content.and_then(|content| content.dyn_into().ok()).as_ref());
    };
    let link = move |cursor: String, text: &'static str| {
        let href = audit.filter().address(&cursor);
        view! { <a class="button" href=href on:click=to_top>{text}</a> }.into_any()
    };
    view! {
        <nav class="parts" aria-label="Parts of the log">
            {live(move || if audit.cursor.read().is_empty() {
                ().into_any()
            } else {
                link(String::new(), "Back to the newest")
            })}
            {live(move || match audit.older.get() {
                older if older.is_empty() => {
                    view! { <p class="quiet">"This is the beginning of the log."</p> }.into_any()
                }
                older => link(older, "Older entries"),
            })}
        </nav>
    }
}
