//! `/login`.

use keyward_api::session::SignIn;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::card_page::CardPage;
use crate::components::field::{Input, TextField};
use crate::components::problem::FormError;
use crate::context::{Context, context};
use crate::erased::effect;
use crate::focus::focus;
use crate::location::Navigate;
use crate::routes;
use crate::session::enter::enter;

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
    let Context { client, location, .. } = context();
    spawn_local(async move {
        if client.setup_status().await.is_ok_and(|status| status.open) {
            location.navigate(routes::SETUP, Navigate::Replace);
        }
    });
    view! {
        <CardPage title="Sign in">
            <LoginForm/>
        </CardPage>
    }
}

#[component]
fn LoginForm() -> impl IntoView {
    let context = context();
    let next = context.location.query_value("next");
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let first = NodeRef::<html::Input>::new();
    effect(move || focus(first.get().as_deref()));

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        let who =
            SignIn { email: email.get_untracked(), password: password.get_untracked().into() };
        spawn_local(async move {
            match context.client.sign_in(&who).await {
                Ok(user) => {
                    let to = next.get_untracked();
                    if let Err(text) = enter(context, user, routes::after_login(&to)).await {
                        error.try_set(Some(text));
                    }
                }
                Err(refusal) => error.set(Some(refusal.message().to_owned())),
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <form novalidate on:submit=submit>
            <FormError error/>
            <TextField label="Email" input=EMAIL value=email node_ref=first/>
            <TextField label="Password" input=PASSWORD value=password/>
            <button class="button button-primary button-wide" aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Signing in..." } else { "Sign in" }}
            </button>
        </form>
    }
}
