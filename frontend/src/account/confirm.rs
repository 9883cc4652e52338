//! A dialog that asks for the password.

use std::pin::Pin;
use std::sync::Arc;

use keyward_api::account::ConfirmPassword;
use leptos::html;
use leptos::prelude::*;

use crate::account::password::required;
use crate::account::store::Account;
use crate::components::field::{Input, Typed};
use crate::components::form_dialog::{FormDialog, Save};
use crate::components::password_field::PasswordField;
use crate::http::Answer;

/// What differs between these dialogs.
pub struct Confirm {
    pub title: &'static str,
    pub text: &'static str,
    /// See [`crate::components::form_dialog::SAVE`].
    pub button: [&'static str; 2],
}

/// The password of the account, for what a session alone does not do.
pub const PASSWORD: Input = Input {
    html_type: "password",
    name: "password",
    autocomplete: "current-password",
    placeholder: "",
    hint: "",
};

type Sent = Pin<Box<dyn Future<Output = Answer<()>>>>;

pub fn confirm(
    of: Confirm,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
    send: fn(Account, ConfirmPassword) -> Sent,
) -> AnyView {
    let account: Account = expect_context();
    let password = Typed::of(String::new());
    let error = RwSignal::new(None);
    let save: Save = Arc::new(move || {
        Box::pin(async move {
            error.set(None);
            let Some(text) = password.check(required) else { return false };
            let answer = send(account, ConfirmPassword { password: text }).await;
            if let Err(refusal) = &answer
                && !refusal.show_at(&[("password", password.error)])
            {
                error.set(Some(refusal.full_message()));
            }
            answer.is_ok()
        })
    });
    let Confirm { title, text, button } = of;
    view! {
        <FormDialog title=title.to_owned() button error save dialog on_close>
            <p class="dialog-text">{text}</p>
            <PasswordField input=PASSWORD value=password.text error=password.error/>
        </FormDialog>
    }
    .into_any()
}
