//! The pages that only an administrator opens. They are a module of their own, which is
//! downloaded with the first of them: see `build/split.mjs`.

#![expect(clippy::unnecessary_wraps, reason = "of the macro: its error is a fetch that failed")]

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::audit::page::AuditPage;
use crate::client::ClientError;
use crate::components::skeleton::skeleton;
use crate::encryption::page::EncryptionPage;
use crate::erased::live;
use crate::http::unreadable;
use crate::load::{Load, Shown};

type Page = fn() -> AnyView;

/// Every page of the module.
struct Pages {
    encryption: Page,
    audit: Page,
}

/// What only this function reaches is in the second module. Reaching it from elsewhere as well
/// moves it into the first.
#[wasm_split(admin, wasm_split_path = ::leptos::wasm_split, fallible)]
fn pages() -> Result<Pages, ClientError> {
    Ok(Pages {
        encryption: || view! { <EncryptionPage/> }.into_any(),
        audit: || view! { <AuditPage/> }.into_any(),
    })
}

impl From<SplitLoaderError> for ClientError {
    fn from(_: SplitLoaderError) -> Self {
        unreadable()
    }
}

/// The page at [`crate::routes::ENCRYPTION`].
pub fn encryption() -> AnyView {
    once_loaded(|pages| pages.encryption)
}

/// The page at [`crate::routes::AUDIT`].
pub fn audit() -> AnyView {
    once_loaded(|pages| pages.audit)
}

fn once_loaded(choose: fn(&Pages) -> Page) -> AnyView {
    let load = Load::new();
    let page = RwSignal::new(None::<Page>);
    spawn_local(async move {
        // The person may have gone elsewhere meanwhile.
        let chosen = pages().await.map(|pages| page.try_set(Some(choose(&pages))));
        load.end(chosen.map(drop));
    });
    let shown = load.shown(|| false, || true);
    live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the page"),
        Shown::Failed => view! {
            <h1>"Keyward"</h1>
            // Not only the module again: a server that was updated meanwhile has another one,
            // which goes with another first module.
            {load.failed("This page could not be loaded", || drop(location().reload()))}
        }
        .into_any(),
        _ => page.get_untracked().map_or_else(|| ().into_any(), untrack),
    })
}
