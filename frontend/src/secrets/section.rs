//! The secrets section: its heading, its toolbar, and which of its states is shown.

use leptos::html;
use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::curl;
use crate::erased::live;
use crate::pages::pager::WORDS;
use crate::pages::toolbar::toolbar;
use crate::pages::view::{Views, list};
use crate::secrets::delete::DeleteDialog;
use crate::secrets::form::SecretForm;
use crate::secrets::row::Row;
use crate::secrets::store::{DialogRequest, Secrets};

#[component]
pub fn SecretsSection() -> impl IntoView {
    let secrets = Secrets::load_from_server();
    provide_context(secrets);
    view! {
        <section aria-labelledby="secrets-title">
            <div class="section-head">
                <div>
                    <h2 id="secrets-title">"Secrets"</h2>
                    <p class="lead">
                        "Kept encrypted. Each time a value is revealed or copied, the audit log records it."
                    </p>
                </div>
                <button
                    type="button"
                    class="button button-primary"
                    node_ref=secrets.add_button
                    on:click=move |_| secrets.dialog_request.set(Some(DialogRequest::Add))
                >
                    {icon(Icon::Plus)} "Add secret"
                </button>
            </div>
            {list(secrets.pages, &VIEWS).0}
            <Dialogs/>
        </section>
    }
}

const VIEWS: Views = Views {
    loading: "Loading secrets",
    failed: "Secrets could not be loaded",
    toolbar: || toolbar(expect_context::<Secrets>().pages, ().into_any()),
    empty: || view! { <Empty/> }.into_any(),
    rows: || view! { <SecretTable/> }.into_any(),
    pager: WORDS,
};

#[component]
fn Dialogs() -> impl IntoView {
    let secrets: Secrets = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let done = Callback::new(move |()| secrets.dialog_request.set(None));
    live(move || match secrets.dialog_request.get() {
        Some(DialogRequest::Add) => {
            view! { <SecretForm secret=None dialog on_close=done/> }.into_any()
        }
        Some(DialogRequest::Edit(secret)) => {
            view! { <SecretForm secret=Some(secret) dialog on_close=done/> }.into_any()
        }
        Some(DialogRequest::Delete(secret)) => {
            view! { <DeleteDialog secret dialog on_close=done/> }.into_any()
        }
        None => ().into_any(),
    })
}

#[component]
fn SecretTable() -> impl IntoView {
    let secrets: Secrets = expect_context();
    view! {
        <table class="rows secrets" role="table">
            <caption class="visually-hidden">"Secrets"</caption>
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">"Key"</th>
                    <th role="columnheader" scope="col">"Description"</th>
                    <th role="columnheader" scope="col">"Last updated"</th>
                    <th role="columnheader" scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                <Each ids=secrets.pages.ids draw=|id| view! { <Row id/> }.into_any()/>
            </tbody>
        </table>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <div class="empty">
            <h3>"No secrets yet"</h3>
            <p>"Add a password, a token or a connection string. A program reads it with an API key that has the scope secrets:read."</p>
            <pre class="code" tabindex="0" aria-label="Example"><code>
                {curl::command("kw_...", &curl::origin(), "/api/secrets/MY_API_KEY")}
            </code></pre>
        </div>
    }
}
