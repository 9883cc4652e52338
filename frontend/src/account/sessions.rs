//! Where the person is signed in.

use keyward_api::account::{SignedInBy, UserSession};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::account::device::device;
use crate::account::store::Account;
use crate::components::action::{Action, action};
use crate::components::skeleton::skeleton;
use crate::components::table::table;
use crate::components::time::{Instant, Short};
use crate::erased::{live, when};
use crate::focus::focus_content;
use crate::http::Exchange;
use crate::load::Shown;

const COLUMNS: [&str; 6] = ["Device", "Address", "With", "Signed in", "Last seen", "Actions"];

pub fn sessions(account: Account) -> AnyView {
    let all = account.sessions;
    let has_others = move || all.read().iter().any(|session| !session.current);
    let end_others = move || {
        let button = Action {
            says: "Sign out everywhere else",
            label: "Sign out everywhere else".to_owned(),
            is_removal: true,
            ..Action::default()
        };
        action(button, move || {
            let says = "Signed out everywhere else";
            end(account, account.client().end_other_sessions(), says);
        })
    };
    let shown = account.sessions_load.shown(|| false, || true);
    let body = live(move || match shown.get() {
        Shown::Loading => skeleton("Loading sessions"),
        Shown::Failed => account
            .sessions_load
            .failed("Sessions could not be loaded", move || account.load_sessions()),
        _ => {
            let rows = live(move || {
                let rows = all.get().into_iter().map(|session| row(account, session));
                rows.collect_view().into_any()
            });
            table("rows sessions", "Sessions", &COLUMNS, rows)
        }
    });
    view! {
        <div class="sessions-head">
            <h2>"Sessions"</h2>
            {when(has_others, end_others)}
        </div>
        {body}
    }
    .into_any()
}

fn row(account: Account, session: UserSession) -> AnyView {
    let UserSession {
        id,
        current,
        device: raw,
        address,
        signed_in_by,
        created_at,
        last_seen_at,
        ..
    } = session;
    let words = raw.as_deref().map_or_else(|| "Unknown".to_owned(), device);
    let label = format!("End the session of {words}");
    let this = current.then(|| view! { <span class="badge badge-you">"This browser"</span> });
    let by = match signed_in_by {
        SignedInBy::Password => "Password",
        SignedInBy::Sso => "Single sign-on",
    };
    let button = (!current).then(|| {
        let button = Action { says: "End", label, is_removal: true, ..Action::default() };
        action(button, move || end(account, account.client().end_session(&id), "Session ended"))
    });
    view! {
        <tr role="row">
            <th role="rowheader" scope="row" class="cell-name">
                <span title=raw>{words}</span> " " {this}
            </th>
            <td role="cell" data-label="Address">{address}</td>
            <td role="cell" data-label="With">{by}</td>
            <td role="cell" data-label="Signed in">
                <Instant at=created_at short=Short::Date is_tab_stop=false/>
            </td>
            <td role="cell" data-label="Last seen">
                <Instant at=last_seen_at short=Short::Relative is_tab_stop=false/>
            </td>
            <td role="cell" class="cell-actions">{button}</td>
        </tr>
    }
    .into_any()
}

fn end(account: Account, exchange: Exchange, says: &'static str) {
    spawn_local(async move {
        match exchange.await {
            Ok(_) => {
                account.context.toasts.success(says);
                account.load_sessions();
                // The button that was pressed goes.
                focus_content();
            }
            Err(error) => {
                account.context.toasts.error(format!("Not ended. {}", error.full_message()));
            }
        }
    });
}
