//! What went wrong with a whole page or form, as opposed to one field.

use std::sync::Arc;

use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::copy_button::copy_button;
use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::http::parted;

/// What could not be loaded, why, and a button that tries again.
#[component]
pub fn LoadFailed(
    title: &'static str,
    error: ClientError,
    #[prop(into)] retry: Callback<()>,
) -> impl IntoView {
    view! {
        <div class="notice notice-danger" role="alert">
            {icon(Icon::Warning)}
            <div class="notice-body">
                <p class="notice-title">{title}</p>
                <p>{error.message().to_owned()}</p>
                {error.request_id.map(request_id)}
            </div>
            <button type="button" class="button" on:click=move |_| retry.run(())>"Retry"</button>
        </div>
    }
}

/// In the page only while there is something to say, so that it is announced.
#[component]
pub fn FormError(error: RwSignal<Option<String>>) -> impl IntoView {
    live(move || match error.get() {
        Some(text) => {
            view! { <div class="form-error" role="alert">{failure(&text)}</div> }.into_any()
        }
        None => ().into_any(),
    })
}

/// An icon, the sentence, and the request id behind it.
pub fn failure(text: &str) -> AnyView {
    let (sentence, id) = parted(text);
    let id = id.map(|id| request_id(id.to_owned()));
    view! {
        {icon(Icon::Warning)}
        <div class="failure"><p>{sentence.to_owned()}</p> {id}</div>
    }
    .into_any()
}

/// A person quotes it to an operator, who finds it in the log of the server.
fn request_id(id: String) -> AnyView {
    let shown = id.clone();
    let copy = copy_button("Copy request id".to_owned(), Arc::new(move || id.clone()));
    view! { <p class="request-id">"Request " <code>{shown}</code> {copy}</p> }.into_any()
}
