//! Roles in words, and what is there for some of them only.

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::icon::{Icon, icon};
use crate::erased::live;
use crate::erased::memo;
use crate::session_state::SessionState;

pub fn named(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Editor => "Editor",
        Role::Admin => "Admin",
    }
}

/// With its article.
pub fn a(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Editor => "an editor",
        Role::Admin => "an admin",
    }
}

/// What changes something, or for a viewer the reason why it is not there.
pub fn for_editors(
    session: SessionState,
    action: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let role = memo(move || session.role());
    live(move || match role.get() {
        Some(Role::Viewer) => view! {
            <p class="role-note">
                {icon(Icon::Lock)}
                <span>"You are a viewer: you see names, limits and use, never a value."</span>
            </p>
        }
        .into_any(),
        Some(_) => action(),
        None => ().into_any(),
    })
}
