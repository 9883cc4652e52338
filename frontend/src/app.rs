//! The pages and their paths.

use leptos::prelude::*;

use crate::admin;
use crate::components::card_page::CardPage;
use crate::components::toasts_view::ToastsView;
use crate::context::{Context, context};
use crate::erased::{live, memo};
use crate::keys::leave_dialog::LeaveDialog;
use crate::links::follow_links;
use crate::location::Navigate;
use crate::routes;
use crate::session::login::Login;
use crate::session::setup::Setup;
use crate::session::setup_token;
use crate::settings::Settings;
use crate::shell::Shell;

type Page = fn() -> AnyView;

/// Every path of the page.
const PAGES: [(&str, Page); 6] = [
    ("/", navigate_to_secrets),
    (routes::SETUP, || view! { <Setup/> }.into_any()),
    (routes::LOGIN, || view! { <Login/> }.into_any()),
    (routes::SECRETS, || view! { <Shell page=|| view! { <Settings/> }.into_any()/> }.into_any()),
    (routes::ENCRYPTION, || view! { <Shell page=admin::encryption/> }.into_any()),
    (routes::AUDIT, || view! { <Shell page=admin::audit/> }.into_any()),
];

#[component]
pub fn App() -> impl IntoView {
    let context = Context::provide(setup_token::take());
    follow_links(context);
    let location = context.location;
    // A memo, so that another query of the same path keeps what is drawn.
    let page = memo(move || {
        let path = location.path.read();
        PAGES.iter().position(|(here, _)| **path == **here).unwrap_or(PAGES.len())
    });
    view! {
        {live(move || match PAGES.get(page.get()) {
            Some((_, page)) => untrack(page),
            None => view! { <NotFound/> }.into_any(),
        })}
        <LeaveDialog/>
        <ToastsView/>
    }
}

fn navigate_to_secrets() -> AnyView {
    let location = context().location;
    queue_microtask(move || location.navigate(routes::SECRETS, Navigate::Replace));
    ().into_any()
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <CardPage title="Page not found">
            <p>"Nothing lives at this address. It may have been mistyped, or moved."</p>
            <p><a href=routes::SECRETS>"Go to secrets and keys"</a></p>
        </CardPage>
    }
}
