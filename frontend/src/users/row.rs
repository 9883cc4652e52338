//! One person in the table.

use keyward_api::users::User;
use leptos::prelude::*;

use crate::components::breakable::breakable;
use crate::components::icon::{Icon, icon};
use crate::components::menu::{Item, menu};
use crate::components::time::{Instant, Short};
use crate::erased::{live, memo};
use crate::roles;
use crate::users::store::{DialogRequest, Users, menu_button};
use crate::users::words::{LAST_ADMIN, sign_in_by};

pub const COLUMNS: [&str; 7] =
    ["Person", "Role", "Last sign-in", "Two-factor", "Signs in with", "State", "Actions"];

/// It follows its person by id, so that a change keeps the row.
pub fn row(id: StoredValue<String>) -> AnyView {
    let users: Users = expect_context();
    let user = memo(move || users.get(&id.read_value()));
    let cell = move |draw: fn(&User) -> AnyView| {
        live(move || user.read().as_ref().map_or_else(|| ().into_any(), draw))
    };
    // Drawn when it is known what may be done, and again only when that is something else: a menu
    // that is open closes when it is drawn.
    let rights = memo(move || {
        let user = user.read();
        let user = user.as_ref()?;
        Some((user.disabled, users.is_last_admin(user)?))
    });
    let actions = live(move || match rights.get() {
        Some((disabled, is_last)) => actions(users, user, disabled, is_last),
        None => ().into_any(),
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">{cell(name)}</th>
            <td role="cell" data-label="Role">{cell(|user| roles::named(user.role).into_any())}</td>
            <td role="cell" data-label="Last sign-in">{cell(last_sign_in)}</td>
            <td role="cell" data-label="Two-factor">{cell(two_factor)}</td>
            <td role="cell" data-label="Signs in with">{cell(|user| sign_in_by(user).into_any())}</td>
            <td role="cell" data-label="State">{cell(state)}</td>
            <td role="cell" class="cell-actions">{actions}</td>
        </tr>
    }
    .into_any()
}

fn name(user: &User) -> AnyView {
    let users: Users = expect_context();
    let you = users.is_me(user).then(|| view! { <span class="badge badge-you">"You"</span> });
    view! { <span class="user-name">{breakable(&user.email)}</span> " " {you} }.into_any()
}

fn last_sign_in(user: &User) -> AnyView {
    match user.last_sign_in_at {
        Some(at) => view! { <Instant at short=Short::Relative is_tab_stop=false/> }.into_any(),
        None => view! { <span class="quiet">"Never"</span> }.into_any(),
    }
}

fn two_factor(user: &User) -> AnyView {
    if user.two_factor {
        view! { <span class="status status-active">{icon(Icon::Check)} "On"</span> }.into_any()
    } else {
        view! { <span class="quiet">"Off"</span> }.into_any()
    }
}

fn state(user: &User) -> AnyView {
    let (class, picture, says) = if user.altered {
        ("status status-altered", Icon::Warning, "Altered")
    } else if user.disabled {
        ("status status-disabled", Icon::Pause, "Disabled")
    } else {
        ("status status-active", Icon::Check, "Active")
    };
    view! { <span class=class>{icon(picture)} {says}</span> }.into_any()
}

fn actions(users: Users, user: Memo<Option<User>>, disabled: bool, is_last: bool) -> AnyView {
    let item = move |says, request: fn(User) -> DialogRequest| {
        let run = Callback::new(move |()| {
            if let Some(user) = user.get_untracked() {
                users.request_dialog(request(user));
            }
        });
        Item { says, run, is_off: is_last }
    };
    let toggle = if disabled {
        item("Enable", DialogRequest::Enable)
    } else {
        item("Disable", DialogRequest::Disable)
    };
    let items = vec![
        item("Change role", DialogRequest::ChangeRole),
        toggle,
        item("Delete", DialogRequest::Delete),
    ];
    let (id, email) = untrack(|| user.get()).map(|user| (user.id, user.email)).unwrap_or_default();
    let note = if is_last { LAST_ADMIN } else { "" };
    menu(menu_button(&id.to_string()), format!("Actions for {email}"), note, items)
}
