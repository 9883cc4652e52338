//! `/setup`: creates the first administrator.

use keyward_api::Sensitive;
use keyward_api::session::{self, Email, NewPassword};
use leptos::ev::{self, SubmitEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::card_page::CardPage;
use crate::components::field::{Input, TextField};
use crate::components::problem::FormError;
use crate::context::{Context, context};
use crate::erased::{live, when};
use crate::load::{Load, Shown};
use crate::routes;
use crate::session::enter::enter;
use crate::session::setup_token;

const TOKEN: Input = Input {
    html_type: "text",
    name: "setup-token",
    autocomplete: "off",
    placeholder: "",
    hint: "A server prints it when it starts while there is no user.",
};
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
    autocomplete: "new-password",
    placeholder: "",
    hint: "10 to 200 characters",
};

/// Open while there is no user.
#[component]
pub fn Setup() -> impl IntoView {
    let Context { client, setup_token, .. } = context();
    // A link that differs in its fragment alone does not load the page again.
    let listener = window_event_listener(ev::hashchange, move |_| {
        if let Some(token) = setup_token::take() {
            setup_token.set(Some(token));
        }
    });
    on_cleanup(move || listener.remove());

    let (status, is_open) = (Load::new(), RwSignal::new(false));
    let load = move || {
        status.begin();
        spawn_local(async move {
            let answer = client.setup_status().await;
            status.end(answer.map(|answer| _ = is_open.try_set(answer.open)));
        });
    };
    load();
    let shown = status.shown(move || !is_open.get(), || true);
    let body = live(move || match shown.get() {
        Shown::Loading => {
            view! { <div class="skeleton skeleton-form" aria-label="Loading"></div> }.into_any()
        }
        Shown::Failed => status.failed("Setup could not be reached", load),
        Shown::Empty => view! { <Complete/> }.into_any(),
        Shown::NoMatch | Shown::Ready => view! { <SetupForm/> }.into_any(),
    });
    view! {
        <CardPage title="Set up Keyward">{body}</CardPage>
    }
}

#[component]
fn Complete() -> impl IntoView {
    view! {
        <p>"Setup is complete: an administrator exists."</p>
        <p><a href=routes::LOGIN>"Sign in"</a></p>
    }
}

/// One for each field, and one above them.
#[derive(Clone, Copy, Default)]
struct Errors {
    token: RwSignal<Option<String>>,
    email: RwSignal<Option<String>>,
    password: RwSignal<Option<String>>,
    form: RwSignal<Option<String>>,
}

impl Errors {
    /// Parses as the server will; `None` after the errors are shown.
    fn check(self, token: Sensitive, email: String, password: String) -> Option<session::Setup> {
        let is_blank = token.expose().trim().is_empty();
        self.token.set(is_blank.then(|| "Setup token is required".to_owned()));
        self.form.set(None);
        let email = Email::new(email);
        self.email.set(email.as_ref().err().map(ToString::to_string));
        let password = NewPassword::try_from(Sensitive::from(password));
        self.password.set(password.as_ref().err().map(ToString::to_string));
        if is_blank {
            return None;
        }
        Some(session::Setup { token, email: email.ok()?, password: password.ok()? })
    }

    fn show(self, error: &ClientError) {
        let fields = [("token", self.token), ("email", self.email), ("password", self.password)];
        let mut is_shown = false;
        for (name, signal) in fields {
            if let Some(sentence) = error.field(name) {
                signal.set(Some(sentence.to_owned()));
                is_shown = true;
            }
        }
        // A token from the link has no field.
        if !is_shown || error.field("token").is_some() {
            self.form.set(Some(error.message().to_owned()));
        }
    }
}

#[component]
fn SetupForm() -> impl IntoView {
    let context = context();
    let from_link = context.setup_token;
    let [typed_token, email, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let errors = Errors::default();
    let is_busy = RwSignal::new(false);

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let typed = || Sensitive::from(typed_token.get_untracked().trim().to_owned());
        let token = from_link.get_untracked().unwrap_or_else(typed);
        let Some(setup) = errors.check(token, email.get_untracked(), password.get_untracked())
        else {
            return;
        };
        is_busy.set(true);
        spawn_local(async move {
            match context.client.set_up(&setup).await {
                Ok(user) => {
                    from_link.set(None);
                    if let Err(text) = enter(context, user, routes::SECRETS).await {
                        errors.form.try_set(Some(text));
                    }
                }
                Err(refusal) => errors.show(&refusal),
            }
            is_busy.try_set(false);
        });
    };
    view! {
        <p class="lead">"This creates the first administrator. It can be done once."</p>
        <form novalidate on:submit=submit>
            <FormError error=errors.form/>
            {when(move || from_link.read().is_none(), move || view! {
                <TextField label="Setup token" input=TOKEN value=typed_token error=errors.token/>
            }.into_any())}
            <TextField label="Email" input=EMAIL value=email error=errors.email/>
            <TextField label="Password" input=PASSWORD value=password error=errors.password/>
            <button class="button button-primary button-wide" aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Creating..." } else { "Create administrator" }}
            </button>
        </form>
    }
}
