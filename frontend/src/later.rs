//! What is opened rarely, or not before a person asks for it. Each part is a module of its own,
//! which is downloaded with the first use of it: see `build/split.mjs`.

#![expect(clippy::unnecessary_wraps, reason = "of the macro: its error is a fetch that failed")]

use std::pin::Pin;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::{SplitLoaderError, wasm_split};

use crate::account::page::AccountPage;
use crate::audit::page::AuditPage;
use crate::client::ClientError;
use crate::components::skeleton::skeleton;
use crate::encryption::page::EncryptionPage;
use crate::erased::live;
use crate::first_run::guide::guide;
use crate::http::unreadable;
use crate::invitation::page::InvitationPage;
use crate::keys::chosen_bar::chosen_bar;
use crate::keys::dialogs::dialog;
use crate::keys::form::KeyForm;
use crate::keys::later::Later;
use crate::keys::page::view::key_page;
use crate::load::{Load, Shown};
use crate::providers::section::ProvidersSection;
use crate::replicas::page::ServersPage;
use crate::secrets::section::SecretsSection;
use crate::users::page::UsersPage;

type Page = fn() -> AnyView;

/// One module: what only this function reaches is in it. Reaching that from elsewhere as well moves
/// it into the first.
#[wasm_split(admin, wasm_split_path = ::leptos::wasm_split, fallible)]
fn admin() -> Result<Admin, ClientError> {
    Ok(Admin {
        encryption: || view! { <EncryptionPage/> }.into_any(),
        audit: || view! { <AuditPage/> }.into_any(),
        replicas: || view! { <ServersPage/> }.into_any(),
        first_run: guide,
    })
}

struct Admin {
    encryption: Page,
    audit: Page,
    replicas: Page,
    first_run: Page,
}

/// Another.
#[wasm_split(credentials, wasm_split_path = ::leptos::wasm_split, fallible)]
fn credentials() -> Result<Credentials, ClientError> {
    Ok(Credentials {
        secrets: || view! { <SecretsSection/> }.into_any(),
        providers: || view! { <ProvidersSection/> }.into_any(),
    })
}

struct Credentials {
    secrets: Page,
    providers: Page,
}

/// Another.
#[wasm_split(people, wasm_split_path = ::leptos::wasm_split, fallible)]
fn people() -> Result<People, ClientError> {
    Ok(People {
        account: || view! { <AccountPage/> }.into_any(),
        users: || view! { <UsersPage/> }.into_any(),
        invitation: || view! { <InvitationPage/> }.into_any(),
    })
}

struct People {
    account: Page,
    users: Page,
    invitation: Page,
}

/// Another.
#[wasm_split(keys, wasm_split_path = ::leptos::wasm_split, fallible)]
fn keys() -> Result<Later, ClientError> {
    Ok(Later { page: key_page, form: || view! { <KeyForm/> }.into_any(), dialog, chosen_bar })
}

impl From<SplitLoaderError> for ClientError {
    fn from(_: SplitLoaderError) -> Self {
        unreadable()
    }
}

/// The page at [`crate::routes::ENCRYPTION`].
pub fn encryption() -> AnyView {
    once_loaded(Place::Page("Encryption"), Box::pin(async { Ok(admin().await?.encryption) }))
}

/// The page at [`crate::routes::AUDIT`].
pub fn audit() -> AnyView {
    once_loaded(Place::Page("Audit log"), Box::pin(async { Ok(admin().await?.audit) }))
}

/// The page at [`crate::routes::REPLICAS`].
pub fn replicas() -> AnyView {
    once_loaded(Place::Page("Servers"), Box::pin(async { Ok(admin().await?.replicas) }))
}

/// The steps of a new installation.
pub fn first_run() -> AnyView {
    once_loaded(Place::Part, Box::pin(async { Ok(admin().await?.first_run) }))
}

/// The page at [`crate::routes::STORED_SECRETS`].
pub fn secrets() -> AnyView {
    once_loaded(Place::Page("Secrets"), Box::pin(async { Ok(credentials().await?.secrets) }))
}

/// The page at [`crate::routes::PROVIDERS`].
pub fn providers() -> AnyView {
    once_loaded(Place::Page("Providers"), Box::pin(async { Ok(credentials().await?.providers) }))
}

/// The page at [`crate::routes::ACCOUNT`].
pub fn account() -> AnyView {
    once_loaded(Place::Page("Account"), Box::pin(async { Ok(people().await?.account) }))
}

/// The page at [`crate::routes::USERS`].
pub fn users() -> AnyView {
    once_loaded(Place::Page("People"), Box::pin(async { Ok(people().await?.users) }))
}

/// The page at [`crate::routes::INVITATION`].
pub fn invitation() -> AnyView {
    once_loaded(Place::Page("Invitation"), Box::pin(async { Ok(people().await?.invitation) }))
}

/// What of the keys is not shown at first.
pub const KEYS: Later = Later {
    page: || once_loaded(Place::Part, Box::pin(async { Ok(keys().await?.page) })),
    form: || once_loaded(Place::Answer, Box::pin(async { Ok(keys().await?.form) })),
    dialog: || once_loaded(Place::Answer, Box::pin(async { Ok(keys().await?.dialog) })),
    chosen_bar: || once_loaded(Place::Answer, Box::pin(async { Ok(keys().await?.chosen_bar) })),
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It has this heading also when it cannot be loaded.
    Page(&'static str),
    Part,
    /// It answers a click: nothing stands in for it until it is there.
    Answer,
}

fn once_loaded(
    place: Place,
    fetch: Pin<Box<dyn Future<Output = Result<Page, ClientError>>>>,
) -> AnyView {
    let load = Load::new();
    let page = RwSignal::new(None::<Page>);
    spawn_local(async move {
        // The person may have gone elsewhere meanwhile.
        load.end(fetch.await.map(|fetched| _ = page.try_set(Some(fetched))));
    });
    let shown = load.shown(|| false, || true);
    let heading = move || match place {
        Place::Page(heading) => view! { <h1>{heading}</h1> }.into_any(),
        Place::Part | Place::Answer => ().into_any(),
    };
    live(move || match shown.get() {
        Shown::Loading if place == Place::Answer => ().into_any(),
        Shown::Loading => skeleton("Loading the page"),
        Shown::Failed => view! {
            {heading()}
            // Not only the module again: a server that was updated meanwhile has another one,
            // which goes with another first module.
            {load.failed("This page could not be loaded", || drop(location().reload()))}
        }
        .into_any(),
        _ => page.get_untracked().map_or_else(|| ().into_any(), untrack),
    })
}
