//! The frame of every page behind the sign-in: navigation, who is signed in, theme.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::card_page::Brand;
use crate::components::icon::{Icon, icon};
use crate::components::theme::ThemeSwitch;
use crate::context::{Context, context};
use crate::erased::{live, memo};
use crate::focus::focus_content;
use crate::load::{Load, Shown};
use crate::location::Navigate;
use crate::routes;

type NavLink = (&'static str, &'static str, Icon);

/// A new page is one line here.
const LINKS: [NavLink; 1] = [(routes::SECRETS, "Secrets and keys", Icon::Key)];

const ADMIN_LINKS: [NavLink; 2] =
    [(routes::ENCRYPTION, "Encryption", Icon::Lock), (routes::AUDIT, "Audit log", Icon::List)];

/// The content is shown once the server has said who is signed in.
#[component]
pub fn Shell(page: fn() -> AnyView) -> impl IntoView {
    let shared = context();
    let Context { client, session, .. } = shared;
    let answer = Load::new();
    let load = move || {
        answer.begin();
        spawn_local(async move {
            answer.end(client.session().await.map(|user| shared.enter(user)));
        });
    };
    if untrack(|| session.user()).is_some() {
        answer.end(Ok(()));
    } else {
        load();
    }
    let shown = answer.shown(|| false, || true);
    let content = live(move || match shown.get() {
        Shown::Loading => {
            view! { <div class="skeleton skeleton-title" aria-hidden="true"></div> }.into_any()
        }
        Shown::Failed => view! {
            <h1>"Keyward"</h1>
            {answer.failed("Keyward could not be loaded", load)}
        }
        .into_any(),
        _ => untrack(page),
    });
    view! {
        <SkipLink/>
        <div class="shell">
            <TopBar/>
            <SideBar/>
            <main id="content" class="content" tabindex="-1">{content}</main>
        </div>
    }
}

/// Moves the focus as well as the view, which a link to a fragment does not do everywhere.
#[component]
fn SkipLink() -> impl IntoView {
    let skip = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        focus_content();
    };
    view! { <a class="skip" href="#content" on:click=skip>"Skip to content"</a> }
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

/// A popover on a narrow window; the style keeps it in view on a wide one.
#[component]
fn SideBar() -> impl IntoView {
    let sidebar = NodeRef::<html::Aside>::new();
    let hide = move |_| {
        if let Some(sidebar) = sidebar.get_untracked() {
            // Fails when it is not shown.
            let _ = sidebar.hide_popover();
        }
    };
    let path = context().location.path;
    let link = move |(to, label, picture): NavLink| {
        let current = move || (*path.read() == to).then_some("page");
        view! { <li><a href=to aria-current=current on:click=hide>{icon(picture)} {label}</a></li> }
            .into_any()
    };
    let list = move |links: &[NavLink]| {
        view! { <ul>{links.iter().copied().map(link).collect_view()}</ul> }.into_any()
    };
    view! {
        <aside class="sidebar" id="sidebar" aria-label="Sidebar" popover="auto" node_ref=sidebar>
            <Brand/>
            <nav aria-label="Main">
                {list(&LINKS)}
                <h2 class="nav-group">"Admin"</h2>
                {list(&ADMIN_LINKS)}
            </nav>
            <div class="sidebar-foot">
                <ThemeSwitch/>
                <Account/>
            </div>
        </aside>
    }
}

#[component]
fn Account() -> impl IntoView {
    let Context { location, client, session, one_time, guard, toasts, .. } = context();
    let sign_out = move || {
        spawn_local(async move {
            match client.sign_out().await {
                Ok(()) => {
                    one_time.clear();
                    session.leave();
                    location.navigate(routes::LOGIN, Navigate::Replace);
                }
                Err(error) => toasts.error(format!("Not signed out. {}", error.full_message())),
            }
        });
    };
    let email = memo(move || session.user().map(|user| user.email).unwrap_or_default());
    view! {
        <div class="account">
            <p class="account-email" title=move || email.get()>{move || email.get()}</p>
            <button type="button" class="button" on:click=move |_| guard.leave(sign_out)>
                "Sign out"
            </button>
        </div>
    }
}
