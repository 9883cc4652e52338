//! The invitations that nobody has accepted yet.

use keyward_api::users::Invitation;
use leptos::prelude::*;

use crate::components::action::{Action, action};
use crate::components::breakable::breakable;
use crate::components::table::table;
use crate::components::time::{Instant, Short};
use crate::erased::live;
use crate::load::Shown;
use crate::roles;
use crate::users::store::{DialogRequest, Users};

const COLUMNS: [&str; 5] = ["Invited", "Role", "By", "Link works until", "Actions"];

/// Nothing while there is none.
pub fn invitations(users: Users) -> AnyView {
    let shown = users.invitations_load.shown(move || users.invitations.read().is_empty(), || true);
    live(move || match shown.get() {
        Shown::Loading | Shown::Empty => ().into_any(),
        Shown::Failed => users
            .invitations_load
            .failed("Invitations could not be loaded", move || users.load_invitations()),
        _ => {
            let rows = live(move || {
                users
                    .invitations
                    .get()
                    .into_iter()
                    .map(|one| row(users, one))
                    .collect_view()
                    .into_any()
            });
            view! {
                <h2>"Pending invitations"</h2>
                {table("rows users invitations", "Pending invitations", &COLUMNS, rows)}
            }
            .into_any()
        }
    })
}

fn row(users: Users, invitation: Invitation) -> AnyView {
    let take_back = Action {
        says: "Take back",
        label: format!("Take back the invitation of {}", invitation.email),
        is_removal: true,
        ..Action::default()
    };
    let Invitation { email, role, created_by, expires_at, .. } = invitation.clone();
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">{breakable(&email)}</th>
            <td role="cell" data-label="Role">{roles::named(role)}</td>
            <td role="cell" data-label="By"><span>{breakable(&created_by)}</span></td>
            <td role="cell" data-label="Works until">
                <Instant at=expires_at short=Short::Second is_tab_stop=false/>
            </td>
            <td role="cell" class="cell-actions">
                {action(take_back, move || {
                    users.request_dialog(DialogRequest::TakeBack(invitation.clone()));
                })}
            </td>
        </tr>
    }
    .into_any()
}
