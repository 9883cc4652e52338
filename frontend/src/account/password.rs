//! The password.

use keyward_api::Sensitive;
use keyward_api::account::ChangePassword;
use keyward_api::session::NewPassword;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::account::store::Account;
use crate::components::field::{Input, Typed};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::erased::either;

const CURRENT: Input = Input {
    html_type: "password",
    name: "current",
    autocomplete: "current-password",
    placeholder: "",
    hint: "",
};
const NEW: Input = Input {
    html_type: "password",
    name: "new",
    autocomplete: "new-password",
    placeholder: "",
    hint: "10 to 200 characters",
};

pub fn password(account: Account) -> AnyView {
    let has_password = account.part(|session| session.has_password);
    let body = either(
        has_password,
        move || form(account),
        || {
            view! {
                <p>"This account has no password: you sign in with single sign-on."</p>
            }
            .into_any()
        },
    );
    view! {
        <section class="panel" aria-labelledby="password-title">
            <h2 id="password-title">"Password"</h2>
            {body}
        </section>
    }
    .into_any()
}

fn form(account: Account) -> AnyView {
    let [current, new] = [(); 2].map(|()| Typed::of(String::new()));
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        error.set(None);
        let present = current.check(required);
        let next = new.check(|text| NewPassword::try_from(Sensitive::from(text)));
        let (Some(present), Some(next)) = (present, next) else { return };
        is_busy.set(true);
        spawn_local(async move {
            let change = ChangePassword { current: present, new: next };
            match account.client().change_password(&change).await {
                Ok(_) => {
                    for field in [current, new] {
                        field.text.try_set(String::new());
                    }
                    let says = "Password changed. All other sessions have ended.";
                    account.context.toasts.success(says);
                    account.renew();
                }
                Err(refusal) => {
                    if !refusal.show_at(&[("current", current.error), ("new", new.error)]) {
                        error.try_set(Some(refusal.full_message()));
                    }
                }
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <p class="hint">"All your other sessions end when you change it."</p>
        <form class="account-form" novalidate on:submit=submit>
            <FormError error/>
            <div class="field-row">
                <PasswordField label="Current password" input=CURRENT value=current.text error=current.error/>
                <PasswordField label="New password" input=NEW value=new.text error=new.error/>
            </div>
            <button class="button button-primary" aria-disabled=move || is_busy.get().then_some("true")>
                {move || if is_busy.get() { "Changing..." } else { "Change password" }}
            </button>
        </form>
    }
    .into_any()
}

/// A password that is only compared.
pub fn required(text: String) -> Result<Sensitive, &'static str> {
    if text.is_empty() { Err("Password is required") } else { Ok(text.into()) }
}
