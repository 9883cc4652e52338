//! Instead of a page that the role may not see.

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::components::title::use_title;
use crate::roles;
use crate::routes;

pub fn refused(title: &'static str, needs: Role, role: Role) -> AnyView {
    use_title(title);
    view! {
        <section class="refused">
            <h1>{title}</h1>
            <p>
                "This page is for " {plural(needs)} ". You are " {roles::a(role)}
                ": an admin can change your role."
            </p>
            <p><a href=routes::OVERVIEW>"Go to the overview"</a></p>
        </section>
    }
    .into_any()
}

fn plural(role: Role) -> &'static str {
    match role {
        Role::Viewer => "everybody",
        Role::Editor => "editors and admins",
        Role::Admin => "admins",
    }
}
