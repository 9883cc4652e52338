//! The dialog that is asked for, each with what it means.

use std::pin::Pin;
use std::sync::Arc;

use keyward_api::users::{UpdateUser, User};
use leptos::html;
use leptos::prelude::*;

use crate::components::confirm_delete::{ConfirmDelete, Deletion};
use crate::components::form_dialog::{FormDialog, SAVE, Save};
use crate::erased::live;
use crate::http::Answer;
use crate::roles;
use crate::users::invite::InviteDialog;
use crate::users::role_choice::role_choice;
use crate::users::store::{DialogRequest, Users};
use crate::users::words;

type Frame = (NodeRef<html::Dialog>, Callback<()>);

pub fn dialogs(users: Users) -> AnyView {
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| users.dialog_request.set(None));
    let frame = (dialog, on_close);
    live(move || match users.dialog_request.get() {
        None => ().into_any(),
        Some(DialogRequest::Invite) => view! { <InviteDialog dialog on_close/> }.into_any(),
        Some(DialogRequest::ChangeRole(user)) => change_role(users, user, frame),
        Some(DialogRequest::Disable(user)) => {
            let text = words::disabling(untrack(|| users.is_me(&user)));
            set_disabled(users, user, true, text, frame)
        }
        Some(DialogRequest::Enable(user)) => {
            set_disabled(users, user, false, words::ENABLING, frame)
        }
        Some(DialogRequest::Delete(user)) => delete(users, user, frame),
        Some(DialogRequest::TakeBack(invitation)) => confirm(
            format!("Take back the invitation of {}?", invitation.email),
            "The link stops working at once.".into_any(),
            ["Take back", "Taking back..."],
            Arc::new(move || {
                let invitation = invitation.clone();
                Box::pin(async move { users.take_back(&invitation).await })
            }),
            frame,
        ),
    })
}

fn change_role(users: Users, user: User, frame: Frame) -> AnyView {
    let role = RwSignal::new(user.role);
    let (was, is_me) = (user.role, untrack(|| users.is_me(&user)));
    let title = format!("Change the role of {}", user.email);
    let text = view! {
        {role_choice(role)}
        <p aria-live="polite">{move || words::change_of_role(was, role.get(), is_me)}</p>
    };
    let send = Arc::new(move || {
        let (user, role) = (user.clone(), role.get_untracked());
        let future: Changing = Box::pin(async move {
            if role == user.role {
                return Ok(());
            }
            let update = UpdateUser { role: Some(role), ..UpdateUser::default() };
            let done = format!("{} is {} now", user.email, roles::a(role));
            users.update(&user, &update, done).await
        });
        future
    });
    confirm(title, text.into_any(), SAVE, send, frame)
}

fn set_disabled(
    users: Users,
    user: User,
    disabled: bool,
    text: &'static str,
    frame: Frame,
) -> AnyView {
    let [verb, done] = if disabled { ["Disable", "disabled"] } else { ["Enable", "enabled"] };
    let button = if disabled { ["Disable", "Disabling..."] } else { ["Enable", "Enabling..."] };
    let title = format!("{verb} {}?", user.email);
    let send = Arc::new(move || {
        let user = user.clone();
        let future: Changing = Box::pin(async move {
            let update = UpdateUser { disabled: Some(disabled), ..UpdateUser::default() };
            users.update(&user, &update, format!("{} {done}", user.email)).await
        });
        future
    });
    confirm(title, view! { <p>{text}</p> }.into_any(), button, send, frame)
}

fn delete(users: Users, user: User, (dialog, on_close): Frame) -> AnyView {
    let title = format!("Delete {}?", user.email);
    let text = words::deleting(untrack(|| users.is_me(&user))).to_owned();
    let delete: Deletion = Arc::new(move || {
        let user = user.clone();
        Box::pin(async move { users.delete(&user, format!("{} deleted", user.email)).await })
    });
    view! { <ConfirmDelete title text button="Delete person" delete dialog on_close/> }.into_any()
}

type Changing = Pin<Box<dyn Future<Output = Answer<()>>>>;

/// Closes when the server has done it.
fn confirm(
    title: String,
    text: AnyView,
    button: [&'static str; 2],
    send: Arc<dyn Fn() -> Changing + Send + Sync>,
    (dialog, on_close): Frame,
) -> AnyView {
    let error = RwSignal::new(None);
    let save: Save = Arc::new(move || {
        let send = send.clone();
        Box::pin(async move {
            error.set(None);
            let answer = send().await;
            if let Err(refusal) = &answer {
                error.set(Some(refusal.full_message()));
            }
            answer.is_ok()
        })
    });
    view! { <FormDialog title button error save dialog on_close>{text}</FormDialog> }.into_any()
}
