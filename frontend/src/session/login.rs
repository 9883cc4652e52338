//! `/login`: elsewhere, if there is an identity provider, or with a password and, where the account
//! asks for one, a code.

use std::sync::Arc;

use keyward_api::account::StartSso;
use keyward_api::session::SetupStatus;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::card_page::CardPage;
use crate::components::field::{Input, TextField};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::context::{Context, context};
use crate::erased::{effect, live, when};
use crate::focus::{focus, focus_id};
use crate::location::Navigate;
use crate::routes;
use crate::session::attempt::Attempt;
use crate::session::code_step::code_step;
use crate::session::sso::{self, Start, continue_with, sso_button};

const EMAIL: Input = Input {
    html_type: "email",
    name: "email",
    autocomplete: "username",
    placeholder: "",
    hint: "",
};
const PASSWORD: Input = Input {
    html_type: "password",
    name: "password",
    autocomplete: "current-password",
    placeholder: "",
    hint: "",
};

#[component]
pub fn Login() -> impl IntoView {
    let Context { client, location, session, .. } = context();
    let attempt = Attempt::new();
    let refusal = sso::refusal();
    effect(move || attempt.error.set(refusal.get()));
    // What can be signed in with; the password when the server does not say.
    let ways = RwSignal::new(None::<SetupStatus>);
    spawn_local(async move {
        let status = client.setup_status().await.ok();
        if status.as_ref().is_some_and(|status| status.open) {
            return location.navigate(routes::SETUP, Navigate::Replace);
        }
        let local = SetupStatus { open: false, local_sign_in: true, sso: None };
        ways.try_set(Some(status.unwrap_or(local)));
    });
    let body = live(move || match ways.get() {
        None => view! { <div class="skeleton skeleton-form" aria-hidden="true"></div> }.into_any(),
        Some(_) if attempt.wants_code.get() => code_step(attempt),
        Some(ways) => first_step(attempt, ways),
    });
    view! {
        <CardPage title="Sign in">
            <div class="sign-in">
                {when(move || session.has_ended.get(), || view! {
                    <p class="form-note" role="status">"Your session has ended. Sign in to go on where you were."</p>
                }.into_any())}
                <FormError error=attempt.error/>
                {body}
            </div>
        </CardPage>
    }
}

fn first_step(attempt: Attempt, ways: SetupStatus) -> AnyView {
    let has_local = ways.local_sign_in;
    let sso = ways.sso.map(|provider| {
        let start: Start = Arc::new(move || {
            let next = attempt.next.get_untracked();
            let return_to = Some(routes::after_login(&next).to_owned());
            Some(StartSso { return_to, ..StartSso::default() })
        });
        let class = if has_local { WIDE } else { PRIMARY };
        focus_id("sso");
        sso_button(continue_with(&provider.name), class, start, attempt.error)
    });
    let has_sso = sso.is_some();
    let or = (has_sso && has_local).then(|| view! { <p class="or">"or"</p> }.into_any());
    let form = has_local.then(|| password_step(attempt, !has_sso));
    let nothing = (!has_sso && !has_local).then(|| {
        view! { <p>"Sign-in with a password is switched off on this server."</p> }.into_any()
    });
    view! { {sso} {or} {form} {nothing} }.into_any()
}

const WIDE: &str = "button button-wide";
const PRIMARY: &str = "button button-primary button-wide";

fn password_step(attempt: Attempt, takes_focus: bool) -> AnyView {
    let Attempt { email, password, is_busy, .. } = attempt;
    let first = NodeRef::<html::Input>::new();
    effect(move || {
        if takes_focus {
            focus(first.get().as_deref());
        }
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        attempt.submit(None);
    };
    view! {
        <form novalidate on:submit=submit>
            <TextField label="Email" input=EMAIL value=email node_ref=first/>
            <PasswordField input=PASSWORD value=password/>
            <button class=PRIMARY aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Signing in..." } else { "Sign in" }}
            </button>
        </form>
    }
    .into_any()
}
