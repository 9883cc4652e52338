//! The providers section.

use leptos::html;
use leptos::prelude::*;

use crate::components::each::Each;
use crate::components::section_head::{Heading, add_button};
use crate::erased::{live, when};
use crate::lists::pager::LABELS;
use crate::lists::section::{Empty, Section, list_section};
use crate::lists::toolbar::toolbar;
use crate::providers::delete::DeleteDialog;
use crate::providers::dialog_request::DialogRequest;
use crate::providers::form::ProviderForm;
use crate::providers::provider_card::ProviderCard;
use crate::providers::resolve_preview::ResolvePreview;
use crate::providers::store::Providers;
use crate::roles::for_editors;

const SECTION: Section = Section {
    heading: Heading {
        id: "providers-title",
        title: "Providers",
        lead: "Store each provider's key once. A model can have its own; it is used instead. Keys are encrypted. The last 4 characters stay readable so that you can recognise a key.",
        hint: "Base URL and note are stored as plain text, not encrypted.",
    },
    loading: "Loading providers",
    failed: "Providers could not be loaded",
    empty: Empty {
        title: "No providers yet",
        text: "Add one with its key. A program asks for it with an API key that has the scope providers:resolve.",
        example: "/api/resolve?provider=openai&model=gpt-5",
    },
    toolbar: || toolbar(expect_context::<Providers>().pages, ().into_any()),
    rows: || {
        let ids = expect_context::<Providers>().pages.ids;
        view! {
            <ul class="providers" aria-label="Providers">
                <Each ids draw=|id| view! { <ProviderCard id/> }.into_any()/>
            </ul>
        }
        .into_any()
    },
    pager: LABELS,
};

#[component]
pub fn ProvidersSection() -> impl IntoView {
    let providers = Providers::load_from_server();
    provide_context(providers);
    let add = Callback::new(move |()| providers.dialog_request.set(Some(DialogRequest::Add)));
    let below = view! {
        {when(move || providers.pages.has_toolbar.get(), || view! { <ResolvePreview/> }.into_any())}
        {dialogs(providers)}
    };
    list_section(
        providers.pages,
        &SECTION,
        for_editors(providers.pages.context.session, move || {
            add_button("Add provider", providers.add_button, RwSignal::new(false), add)
        }),
        ().into_any(),
        below.into_any(),
    )
}

fn dialogs(providers: Providers) -> AnyView {
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
