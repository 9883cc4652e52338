//! `/login`.

use keyward_api::session::SignIn;
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::client::Client;
use crate::components::field::{Input, TextField};
use crate::components::problem::FormError;
use crate::components::solo::Solo;
use crate::keys::new_keys::NewKeys;
use crate::routes;
use crate::session::state::SessionState;

const EMAIL: Input =
    Input { kind: "email", name: "email", autocomplete: "username", placeholder: "", hint: "" };
const PASSWORD: Input = Input {
    kind: "password",
    name: "password",
    autocomplete: "current-password",
    placeholder: "",
    hint: "",
};

/// The sign-in page. Before the first start is complete it leads to setup.
#[component]
pub fn Login() -> impl IntoView {
    let client: Client = expect_context();
    let navigate = use_navigate();
    spawn_local(async move {
        if client.setup_status().await.is_ok_and(|status| status.open) {
            navigate(routes::SETUP, replace());
        }
    });
    view! {
        <Solo title="Sign in">
            <LoginForm/>
        </Solo>
    }
}

#[component]
fn LoginForm() -> impl IntoView {
    let (client, session) = (expect_context::<Client>(), expect_context::<SessionState>());
    let new_keys: NewKeys = expect_context();
    let (navigate, next) = (use_navigate(), routes::query_value("next"));
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let first = NodeRef::<html::Input>::new();
    Effect::new(move |_| first.get().map(|field| field.focus()));

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        error.set(None);
        let navigate = navigate.clone();
        let who =
            SignIn { email: email.get_untracked(), password: password.get_untracked().into() };
        spawn_local(async move {
            match client.sign_in(&who).await {
                Ok(user) => {
                    session.enter(user, new_keys);
                    navigate(routes::after_login(next.read_untracked().as_deref()), replace());
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

/// The page that leads away must not be what the back button returns to.
pub fn replace() -> NavigateOptions {
    NavigateOptions { replace: true, ..NavigateOptions::default() }
}
