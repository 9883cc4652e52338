//! The frame of every page behind the sign-in.
//!
//! | module | what |
//! |---|---|
//! | [`navigation`] | where one can go |
//! | [`account`] | who is signed in, and what is theirs |
//! | [`refused`](mod@refused) | instead of a page that the role may not see |

mod account;
mod navigation;
mod refused;

use keyward_api::roles::Role;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::components::mark::Brand;
use crate::context::{Context, context};
use crate::erased::live;
use crate::focus::focus_content;
use crate::load::{Load, Shown};
use crate::shell::navigation::SideBar;
use crate::shell::refused::refused;

/// The content is shown once the server has said who is signed in.
#[component]
pub fn Shell(
    page: fn() -> AnyView,
    /// The title of a page that is not for everybody, and the role it needs.
    #[prop(optional)]
    only: Option<(&'static str, Role)>,
) -> impl IntoView {
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
        _ => match (only, untrack(|| session.role())) {
            (Some((title, needs)), Some(role)) if role < needs => refused(title, needs, role),
            _ => untrack(page),
        },
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
