//! Who is signed in, and what is theirs: theme, shortcuts, the way out.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::icon::{Icon, icon};
use crate::components::theme::ThemeSwitch;
use crate::context::{Context, context};
use crate::erased::memo;
use crate::location::{Navigate, go_elsewhere};
use crate::roles;
use crate::routes;

#[component]
pub fn Account() -> impl IntoView {
    let Context { location, client, session, one_time, guard, toasts, shortcuts, .. } = context();
    let menu = NodeRef::<html::Div>::new();
    let hide = move || {
        if let Some(menu) = menu.get_untracked() {
            // Fails when it is not shown.
            let _ = menu.hide_popover();
        }
    };
    let sign_out = move || {
        spawn_local(async move {
            match client.sign_out().await {
                Ok(elsewhere) => {
                    one_time.clear();
                    session.leave();
                    location.navigate(routes::LOGIN, Navigate::Replace);
                    if let Some(url) = elsewhere {
                        go_elsewhere(&url);
                    }
                }
                Err(error) => toasts.error(format!("Not signed out. {}", error.full_message())),
            }
        });
    };
    let email = memo(move || session.user().map(|user| user.email).unwrap_or_default());
    let role = memo(move || session.role().map(roles::named).unwrap_or_default());
    let show_shortcuts = move |_| {
        hide();
        shortcuts.show();
    };
    let leave = move |_| {
        hide();
        guard.leave(sign_out);
    };
    view! {
        <div class="account">
            <button type="button" class="button button-quiet account-button" popovertarget="account">
                <span class="account-email">{move || email.get()}</span> {icon(Icon::Down)}
                <span class="visually-hidden">"Account"</span>
            </button>
            <div class="menu account-menu" id="account" popover="auto" node_ref=menu>
                <p class="account-whole">{move || email.get()} <br/> {move || role.get()}</p>
                <ThemeSwitch/>
                <a href=routes::ACCOUNT on:click=move |_| hide()>"Account and sessions"</a>
                <button type="button" on:click=show_shortcuts>"Keyboard shortcuts"</button>
                <button type="button" on:click=leave>"Sign out"</button>
            </div>
        </div>
    }
}
