//! The pages and their paths.

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::card_page::CardPage;
use crate::components::leave_dialog::LeaveDialog;
use crate::components::shortcuts_dialog::ShortcutsDialog;
use crate::components::toasts_view::ToastsView;
use crate::context::Context;
use crate::erased::{live, memo};
use crate::later;
use crate::links::follow_links;
use crate::overview::page::Overview;
use crate::routes;
use crate::session::link_token;
use crate::session::login::Login;
use crate::session::setup::Setup;
use crate::settings::Settings;
use crate::shell::Shell;

type Page = fn() -> AnyView;

/// Every path of the page.
const PAGES: [(&str, Page); 10] = [
    (routes::OVERVIEW, || view! { <Shell page=|| view! { <Overview/> }.into_any()/> }.into_any()),
    (routes::SETUP, || view! { <Setup/> }.into_any()),
    (routes::LOGIN, || view! { <Login/> }.into_any()),
    (routes::SECRETS, || view! { <Shell page=|| view! { <Settings/> }.into_any()/> }.into_any()),
    (routes::INVITATION, later::invitation),
    (routes::ACCOUNT, || view! { <Shell page=later::account/> }.into_any()),
    (routes::AUDIT, || view! { <Shell page=later::audit/> }.into_any()),
    (routes::USERS, || {
        view! { <Shell page=later::users only=("People", Role::Admin)/> }.into_any()
    }),
    (routes::ENCRYPTION, || {
        view! { <Shell page=later::encryption only=("Encryption", Role::Admin)/> }.into_any()
    }),
    (routes::REPLICAS, || {
        view! { <Shell page=later::replicas only=("Servers", Role::Admin)/> }.into_any()
    }),
];

#[component]
pub fn App() -> impl IntoView {
    let context = Context::provide(link_token::take());
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
        <ShortcutsDialog/>
        <ToastsView/>
    }
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <CardPage title="Page not found">
            <p>"Nothing lives at this address. It may have been mistyped, or moved."</p>
            <p><a href=routes::OVERVIEW>"Go to the overview"</a></p>
        </CardPage>
    }
}
