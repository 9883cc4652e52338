//! The dialog that invites.

use std::sync::Arc;

use keyward_api::roles::Role;
use keyward_api::session::Email;
use keyward_api::users::Invite;
use leptos::html;
use leptos::prelude::*;

use crate::components::field::{Input, TextField, Typed};
use crate::components::form_dialog::{FormDialog, Save};
use crate::users::role_choice::role_choice;
use crate::users::store::Users;

const EMAIL: Input = Input {
    html_type: "email",
    name: "invited",
    autocomplete: "off",
    placeholder: "e.g. grace@example.com",
    hint: "They sign in with it.",
};

#[component]
pub fn InviteDialog(dialog: NodeRef<html::Dialog>, on_close: Callback<()>) -> impl IntoView {
    let users: Users = expect_context();
    let email = Typed::of(String::new());
    let role = RwSignal::new(Role::Viewer);
    let error = RwSignal::new(None);
    let save: Save = Arc::new(move || {
        Box::pin(async move {
            error.set(None);
            let Some(address) = email.check(Email::new) else { return false };
            let invite = Invite { email: address, role: role.get_untracked() };
            let answer = users.invite(&invite).await;
            if let Err(refusal) = &answer
                && !refusal.show_at(&[("email", email.error)])
            {
                let is_about_email = refusal.status() == Some(409);
                let at = if is_about_email { email.error } else { error };
                at.set(Some(refusal.full_message()));
            }
            answer.is_ok()
        })
    });
    view! {
        <FormDialog title="Invite a person".to_owned() button=["Invite", "Inviting..."] error save dialog on_close>
            <TextField label="Email" input=EMAIL value=email.text error=email.error/>
            {role_choice(role)}
            <p class="hint">"You get a link to give to them. No mail is sent."</p>
        </FormDialog>
    }
}
