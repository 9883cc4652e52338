//! The router, and what every page shares.

use leptos::prelude::*;
use leptos_router::components::{A, FlatRoutes, Redirect, Route, Router};
use leptos_router::path;

use crate::client::Client;
use crate::components::solo::Solo;
use crate::components::toast::{Toasts, ToastsView};
use crate::keys::leave::{LeaveDialog, LeaveGuard, hold_links};
use crate::keys::new_keys::NewKeys;
use crate::session::login::Login;
use crate::session::setup::Setup;
use crate::session::state::SessionState;
use crate::session::token::SetupToken;
use crate::settings::Settings;
use crate::shell::Shell;
use crate::{clock, routes};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    // Before the router reads the address, so that no part of it ever holds the token.
    provide_context(SetupToken::take());
    provide_context(Client::new());
    provide_context(SessionState::new());
    let new_keys = NewKeys::new();
    provide_context(new_keys);
    provide_context(LeaveGuard::new(new_keys));
    provide_context(Toasts::new());
    clock::provide_now();
    view! {
        <Router><Guarded/></Router>
        <ToastsView/>
    }
}

/// The pages, inside the router and behind the question that may hold a link back.
/// Routes are flat, and a page names its frame: nested ones cost more to download.
#[component]
fn Guarded() -> impl IntoView {
    view! {
        <div class="app" on:click:capture=hold_links()>
            <FlatRoutes fallback=NotFound>
                <Route path=path!("/") view=|| view! { <Redirect path=routes::SECRETS/> }/>
                <Route path=path!("/setup") view=Setup/>
                <Route path=path!("/login") view=Login/>
                <Route
                    path=path!("/settings/secrets")
                    view=|| view! { <Shell><Settings/></Shell> }
                />
            </FlatRoutes>
            <LeaveDialog/>
        </div>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <Solo title="Page not found">
            <p>"Nothing lives at this address. It may have been mistyped, or moved."</p>
            <p><A href=routes::SECRETS>"Go to secrets and keys"</A></p>
        </Solo>
    }
}
