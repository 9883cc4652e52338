//! The frame of every page behind the sign-in: navigation, who is signed in, theme.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::A;
use leptos_router::hooks::{use_location, use_navigate};

use crate::client::{Client, ClientError};
use crate::components::icon::{Icon, icon};
use crate::components::problem::LoadFailed;
use crate::components::solo::Brand;
use crate::components::theme::ThemeSwitch;
use crate::components::toast::Toasts;
use crate::keys::leave::LeaveGuard;
use crate::keys::new_keys::NewKeys;
use crate::routes;
use crate::session::login::replace;
use crate::session::state::SessionState;

/// The places of the navigation. A new page is one line here.
const PLACES: [(&str, &str, Icon); 1] = [(routes::SECRETS, "Secrets and keys", Icon::Key)];

/// The frame. What is in it is shown once the server has said who is signed in.
#[component]
pub fn Shell(children: ChildrenFn) -> impl IntoView {
    let (client, session) = (expect_context::<Client>(), expect_context::<SessionState>());
    let new_keys: NewKeys = expect_context();
    let failed = RwSignal::new(None::<ClientError>);
    let load = move || {
        failed.set(None);
        spawn_local(async move {
            match client.session().await {
                Ok(user) => session.enter(user, new_keys),
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    };
    if untrack(|| session.user()).is_none() {
        load();
    }
    lead_to_login_when_lost();
    let is_known = Memo::new(move |_| session.user().is_some());
    let content = move || match (is_known.get(), failed.get()) {
        (true, _) => children(),
        (false, Some(error)) => view! {
            <h1>"Keyward"</h1>
            <LoadFailed title="Keyward could not be loaded" error retry=move |()| load()/>
        }
        .into_any(),
        (false, None) => {
            view! { <div class="skeleton skeleton-title" aria-hidden="true"></div> }.into_any()
        }
    };
    view! {
        <SkipLink/>
        <div class="shell">
            <TopBar/>
            <SideBar/>
            <main id="content" class="content" tabindex="-1">{content}</main>
        </div>
    }
}

/// A session that ends while the page is open leads to the sign-in page, and back here.
fn lead_to_login_when_lost() {
    let (client, session) = (expect_context::<Client>(), expect_context::<SessionState>());
    let (navigate, here) = (use_navigate(), use_location());
    Effect::new(move |_| {
        if client.session_lost.get() {
            client.session_lost.set(false);
            session.leave();
            let path = here.pathname.get_untracked();
            let here = match here.search.get_untracked() {
                query if query.is_empty() => path,
                query => format!("{path}?{query}"),
            };
            navigate(&routes::login_and_back_to(&here), replace());
        }
    });
}

/// Moves the focus as well as the view, which a link to a fragment does not everywhere.
#[component]
fn SkipLink() -> impl IntoView {
    let skip = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        if let Some(content) = document().get_element_by_id("content") {
            focus(&content);
        }
    };
    view! { <a class="skip" href="#content" on:click=skip>"Skip to content"</a> }
}

fn focus(element: &web_sys::Element) {
    use wasm_bindgen::JsCast as _;
    if let Some(element) = element.dyn_ref::<web_sys::HtmlElement>() {
        let _ = element.focus();
    }
}

#[component]
fn TopBar() -> impl IntoView {
    view! {
        <header class="topbar">
            <Brand/>
            <button type="button" class="button button-quiet" popovertarget="sidebar">
                {icon(Icon::Menu)} "Menu"
            </button>
        </header>
    }
}

/// A popover on a narrow window; a rule of the style keeps it in view on a wide one.
#[component]
fn SideBar() -> impl IntoView {
    let sidebar = NodeRef::<html::Aside>::new();
    let hide = move |_| {
        if let Some(sidebar) = sidebar.get_untracked() {
            // It is an error to hide what is not shown, and none to a person.
            let _ = sidebar.hide_popover();
        }
    };
    let place = move |(path, label, picture): (&'static str, &'static str, Icon)| {
        view! { <li><A href=path on:click=hide>{icon(picture)} {label}</A></li> }
    };
    view! {
        <aside class="sidebar" id="sidebar" aria-label="Sidebar" popover="auto" node_ref=sidebar>
            <Brand/>
            <nav aria-label="Main"><ul>{PLACES.map(place).collect_view()}</ul></nav>
            <div class="sidebar-foot">
                <ThemeSwitch/>
                <Account/>
            </div>
        </aside>
    }
}

#[component]
fn Account() -> impl IntoView {
    let (client, session) = (expect_context::<Client>(), expect_context::<SessionState>());
    let (new_keys, toasts) = (expect_context::<NewKeys>(), expect_context::<Toasts>());
    let guard: LeaveGuard = expect_context();
    let navigate = use_navigate();
    let sign_out = move || {
        let navigate = navigate.clone();
        spawn_local(async move {
            match client.sign_out().await {
                Ok(()) => {
                    new_keys.clear();
                    session.leave();
                    navigate(routes::LOGIN, replace());
                }
                Err(error) => toasts.error(format!("Not signed out. {}", error.full_message())),
            }
        });
    };
    let email = move || session.user().map(|user| user.email);
    view! {
        <div class="account">
            <p class="account-email" title=email>{email}</p>
            <button type="button" class="button" on:click=move |_| guard.leave(sign_out.clone())>
                "Sign out"
            </button>
        </div>
    }
}
