//! Single sign-on of this account.

use std::sync::Arc;

use keyward_api::account::StartSso;
use leptos::prelude::*;

use crate::account::confirm::PASSWORD;
use crate::account::password::required;
use crate::account::store::Account;
use crate::components::field::Typed;
use crate::components::icon::{Icon, icon};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::erased::{effect, live, memo};
use crate::routes;
use crate::session::sso::{Start, refusal, sso_button};

/// Nothing where there is no identity provider.
pub fn sso(account: Account) -> AnyView {
    let is_connected = account.part(|session| session.sso);
    let name = memo(move || {
        account.ways.read().as_ref().and_then(|ways| ways.sso.as_ref()).map(|sso| sso.name.clone())
    });
    let error = RwSignal::new(None);
    let refusal = refusal();
    effect(move || error.set(refusal.get()));
    live(move || {
        let body = match (is_connected.get(), name.get()) {
            (false, None) => return ().into_any(),
            (true, name) => {
                let with = name.map(|name| format!(" with {name}"));
                view! {
                    <p class="status status-active">{icon(Icon::Check)} "Connected" {with}</p>
                }
                .into_any()
            }
            (false, Some(name)) => connect(name, error),
        };
        view! {
            <section class="panel" aria-labelledby="sso-title">
                <h2 id="sso-title">"Single sign-on"</h2>
                <FormError error/>
                {body}
            </section>
        }
        .into_any()
    })
}

fn connect(name: String, error: RwSignal<Option<String>>) -> AnyView {
    let password = Typed::of(String::new());
    let start: Start = Arc::new(move || {
        let (return_to, password) = (Some(routes::ACCOUNT.to_owned()), password.check(required)?);
        let password = Some(password);
        Some(StartSso { connect: true, return_to, password, ..StartSso::default() })
    });
    let says = format!("Connect {name}");
    view! {
        <p class="hint">"Not connected. Once it is, you can sign in at " {name} " as well."</p>
        <PasswordField input=PASSWORD value=password.text error=password.error/>
        <div class="form-buttons">{sso_button(says, "button", start, error)}</div>
    }
    .into_any()
}
