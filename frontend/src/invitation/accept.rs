//! Accepting: with a password, or at the identity provider.

use std::sync::Arc;

use keyward_api::Sensitive;
use keyward_api::account::StartSso;
use keyward_api::session::{NewPassword, SetupStatus};
use keyward_api::users::{AcceptInvitation, CheckedInvitation};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::field::{Input, Typed};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::components::time::{Instant, Short};
use crate::context::context;
use crate::roles;
use crate::routes;
use crate::session::enter::enter;
use crate::session::sso::{Start, continue_with, sso_button};

const PASSWORD: Input = Input {
    html_type: "password",
    name: "password",
    autocomplete: "new-password",
    placeholder: "",
    hint: "10 to 200 characters",
};

/// `refuse` shows why the invitation is not valid any more.
pub fn accept(
    checked: CheckedInvitation,
    ways: SetupStatus,
    token: RwSignal<Option<Sensitive>>,
    refuse: Callback<ClientError>,
) -> AnyView {
    let context = context();
    let password = Typed::of(String::new());
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        error.set(None);
        let new = password.check(|text| NewPassword::try_from(Sensitive::from(text)));
        let (Some(password_text), Some(token_text)) = (new, token.get_untracked()) else { return };
        is_busy.set(true);
        spawn_local(async move {
            let accept = AcceptInvitation { token: token_text, password: password_text };
            match context.client.accept_invitation(&accept).await {
                Ok(user) => {
                    token.set(None);
                    if let Err(text) = enter(context, user, routes::OVERVIEW).await {
                        error.try_set(Some(text));
                    }
                }
                Err(refusal) if refusal.status() == Some(401) => refuse.run(refusal),
                Err(refusal) => {
                    if !refusal.show_at(&[("password", password.error)]) {
                        error.try_set(Some(refusal.full_message()));
                    }
                }
            }
            is_busy.try_set(false);
        });
    };
    let local = ways.local_sign_in.then(|| {
        let email = checked.email.clone();
        view! {
            // For password managers.
            <div class="visually-hidden">
                <input type="text" autocomplete="username" value=email tabindex="-1" aria-hidden="true" readonly/>
            </div>
            <PasswordField input=PASSWORD value=password.text error=password.error/>
            <button class="button button-primary button-wide" aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Creating..." } else { "Create account" }}
            </button>
        }
        .into_any()
    });
    let sso = ways.sso.map(|provider| {
        let start: Start = Arc::new(move || {
            let invitation = Some(token.get_untracked()?);
            Some(StartSso { invitation, ..StartSso::default() })
        });
        sso_button(continue_with(&provider.name), "button button-wide", start, error)
    });
    let or = (sso.is_some() && local.is_some())
        .then(|| view! { <p class="or">"or with a password"</p> }.into_any());
    let CheckedInvitation { email, role, expires_at } = checked;
    view! {
        <dl class="invited">
            <div><dt>"For"</dt> <dd>{email}</dd></div>
            <div><dt>"Role"</dt> <dd><strong>{roles::named(role)}</strong> <span class="hint">{role.means()}</span></dd></div>
            <div><dt>"Until"</dt> <dd><Instant at=expires_at short=Short::Second/></dd></div>
        </dl>
        <form novalidate on:submit=submit>
            <FormError error/>
            {sso} {or} {local}
        </form>
    }
    .into_any()
}
