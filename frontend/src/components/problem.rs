//! What went wrong with a whole page or form, as opposed to one field.

use leptos::prelude::*;

use crate::client::ClientError;
use crate::components::icon::{Icon, icon};
use crate::erased::live;

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
                {error.request_id.map(|id| view! { <p class="meta">"Request " <code>{id}</code></p> })}
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
            view! { <p class="form-error" role="alert">{icon(Icon::Warning)} {text}</p> }.into_any()
        }
        None => ().into_any(),
    })
}
