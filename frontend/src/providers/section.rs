//! The providers section: its heading, and which of its states is shown.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::each::Each;
use crate::components::icon::{Icon, icon};
use crate::components::search::{NoMatch, Search, SearchBar};
use crate::components::skeleton::skeleton;
use crate::keys::curl;
use crate::load::Shown;
use crate::once::{live, memo, when};
use crate::providers::asked::Asked;
use crate::providers::card::Card;
use crate::providers::delete::DeleteDialog;
use crate::providers::form::ProviderForm;
use crate::providers::store::Providers;
use crate::providers::which::Which;

const SEARCH: Search = Search { tab: "providers", one: "provider", name: "Providers" };
const NOT_FOUND: &str =
    "There are providers, but none with this text in its name, its details or its models.";

/// The section.
#[component]
pub fn ProvidersSection() -> impl IntoView {
    let providers = Providers::load_from_server();
    provide_context(providers);
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
                    on:click=move |_| providers.asked.set(Some(Asked::Add))
                >
                    {icon(Icon::Plus)} "Add provider"
                </button>
            </div>
            <List/>
            <Dialogs/>
        </section>
    }
}

#[component]
fn List() -> impl IntoView {
    let providers: Providers = expect_context();
    let is_empty = move || providers.list.read().is_empty();
    let shown = providers.load.shown(is_empty, move || !providers.visible.read().is_empty());
    let has_list = move || matches!(shown.get(), Shown::NoMatch | Shown::Ready);
    let count = memo(move || {
        let (all, shown) = (providers.list.read().len(), providers.visible.read().len());
        SEARCH.count(all, shown, &providers.text.read())
    });
    let reload = move || spawn_local(providers.reload());
    view! {
        {when(has_list, move || view! {
            <SearchBar search=SEARCH text=providers.text count on_refresh=move |()| reload()/>
        }.into_any())}
        {live(move || match shown.get() {
            Shown::Loading => skeleton("Loading providers"),
            Shown::Failed => providers.load.failed("Providers could not be loaded", reload),
            Shown::Empty => view! { <Empty/> }.into_any(),
            Shown::NoMatch => view! { <NoMatch search=SEARCH text=NOT_FOUND/> }.into_any(),
            Shown::Ready => view! {
                <ul class="providers" aria-label="Providers">
                    <Each ids=providers.visible draw=|id| view! { <Card id/> }.into_any()/>
                </ul>
            }.into_any(),
        })}
        {when(has_list, || view! { <Which/> }.into_any())}
    }
}

/// The dialog that is open, if one is.
#[component]
fn Dialogs() -> impl IntoView {
    let providers: Providers = expect_context();
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| providers.asked.set(None));
    live(move || match providers.asked.get() {
        Some(Asked::Delete(provider, model)) => {
            view! { <DeleteDialog provider model dialog on_close/> }.into_any()
        }
        Some(asked) => view! { <ProviderForm asked dialog on_close/> }.into_any(),
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
