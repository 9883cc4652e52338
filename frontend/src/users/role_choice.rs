//! The roles to choose from, each with what it may do.

use keyward_api::roles::Role;
use leptos::prelude::*;

use crate::ids::unique_id;
use crate::roles;

pub fn role_choice(chosen: RwSignal<Role>) -> AnyView {
    let group = unique_id();
    let option = |role: Role| {
        let id = unique_id();
        let says_id = format!("{id}-says");
        view! {
            <div class="check">
                <input
                    type="radio"
                    id=id.clone()
                    name=group.clone()
                    aria-describedby=says_id.clone()
                    prop:checked=move || chosen.get() == role
                    on:change=move |_| chosen.set(role)
                />
                <label for=id>{roles::named(role)}</label>
                <p class="hint" id=says_id>{role.means()}</p>
            </div>
        }
        .into_any()
    };
    view! {
        <fieldset class="scopes">
            <legend>"Role"</legend>
            <div class="checks">{Role::ALL.map(option).collect_view()}</div>
        </fieldset>
    }
    .into_any()
}
