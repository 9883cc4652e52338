//! The providers section: its heading, and which of its states is shown.

use leptos::html;
use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::curl;
use crate::erased::{live, when};
use crate::pages::pager::WORDS;
use crate::pages::toolbar::toolbar;
use crate::pages::view::{Views, list};
use crate::providers::delete::DeleteDialog;
use crate::providers::dialog_request::DialogRequest;
use crate::providers::form::ProviderForm;
use crate::providers::provider_card::ProviderCard;
use crate::providers::resolve_preview::ResolvePreview;
use crate::providers::store::Providers;

#[component]
pub fn ProvidersSection() -> impl IntoView {
    let providers = Providers::load_from_server();
    provide_context(providers);
    let (list, has_list) = list(providers.pages, &VIEWS);
    view! {
        <section aria-labelledby="providers-title">
            <div class="section-head">
                <div>
                    <h2 id="providers-title">"Providers"</h2>
                    <p class="lead">
                        "Enter the key of a provider once, and another for a model that needs its own. Programs get the one that applies."
                    </p>
                    <p class="hint">
                        "Keys are kept encrypted, but for their last 4 characters, by which you know them again. Base URL and note are kept as plain text, not encrypted."
                    </p>
                </div>
                <button
                    type="button"
                    class="button button-primary"
                    node_ref=providers.add_button
                    on:click=move |_| providers.dialog_request.set(Some(DialogRequest::Add))
                >
                    {icon(Icon::Plus)} "Add provider"
                </button>
            </div>
            {list}
            {when(move || has_list.get(), || view! { <ResolvePreview/> }.into_any())}
            <Dialogs/>
        </section>
    }
}

const VIEWS: Views = Views {
    loading: "Loading providers",
    failed: "Providers could not be loaded",
    toolbar: || toolbar(expect_context::<Providers>().pages, ().into_any()),
    empty: || view! { <Empty/> }.into_any(),
    rows: || {
        let ids = expect_context::<Providers>().pages.ids;
        view! {
            <ul class="providers" aria-label="Providers">
                <Each ids draw=|id| view! { <ProviderCard id/> }.into_any()/>
            </ul>
        }
        .into_any()
    },
    pager: WORDS,
};

#[component]
fn Dialogs() -> impl IntoView {
    let providers: Providers = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| providers.dialog_request.set(None));
    live(move || match providers.dialog_request.get() {
        Some(DialogRequest::Delete(provider, model)) => {
            view! { <DeleteDialog provider model dialog on_close/> }.into_any()
        }
        Some(request) => view! { <ProviderForm request dialog on_close/> }.into_any(),
        None => ().into_any(),
    })
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <div class="empty">
            <h3>"No providers yet"</h3>
            <p>"Add one with its key. A program asks for it with an API key that has the scope providers:resolve."</p>
            <pre class="code" tabindex="0" aria-label="Example"><code>
                {curl::command("kw_...", &curl::origin(), "/api/resolve?provider=openai&model=gpt-5")}
            </code></pre>
        </div>
    }
}
