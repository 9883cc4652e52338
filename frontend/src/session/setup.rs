//! `/setup`: creates the first administrator.

use std::sync::Arc;

use keyward_api::Sensitive;
use keyward_api::account::StartSso;
use keyward_api::session::{self, Email, NewPassword, SetupStatus};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::card_page::CardPage;
use crate::components::field::{Input, TextField};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::context::{Context, context};
use crate::erased::{live, when};
use crate::load::{Load, Shown};
use crate::routes;
use crate::session::enter::enter;
use crate::session::link_token;
use crate::session::sso::{Start, continue_with, sso_button};

const TOKEN: Input = Input {
    html_type: "text",
    name: "setup-token",
    autocomplete: "off",
    placeholder: "",
    hint: "Each start of a server prints a new one while there is no user. Paste it or the whole link.",
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
    let Context { client, link_token, .. } = context();
    link_token::follow(link_token);
    let (status, ways) = (Load::new(), RwSignal::new(None::<SetupStatus>));
    let load = move || {
        status.begin();
        spawn_local(async move {
            let answer = client.setup_status().await;
            status.end(answer.map(|answer| _ = ways.try_set(Some(answer))));
        });
    };
    load();
    let is_open = move || ways.read().as_ref().is_some_and(|ways| ways.open);
    let shown = status.shown(move || !is_open(), || true);
    let body = live(move || match shown.get() {
        Shown::Loading => {
            view! { <div class="skeleton skeleton-form" aria-label="Loading"></div> }.into_any()
        }
        Shown::Failed => status.failed("Setup could not be reached", load),
        Shown::Empty => view! { <Complete/> }.into_any(),
        Shown::NoMatch | Shown::Ready => ways.get_untracked().map_or_else(|| ().into_any(), form),
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
    /// `None` after the error is shown.
    fn check_token(self, token: Sensitive) -> Option<Sensitive> {
        let is_blank = token.expose().trim().is_empty();
        self.token.set(is_blank.then(|| "Setup token is required".to_owned()));
        self.form.set(None);
        (!is_blank).then_some(token)
    }

    /// Parses as the server will; `None` after the errors are shown.
    fn check(self, token: Sensitive, email: String, password: String) -> Option<session::Setup> {
        let token = self.check_token(token);
        let email = Email::new(email);
        self.email.set(email.as_ref().err().map(ToString::to_string));
        let password = NewPassword::try_from(Sensitive::from(password));
        self.password.set(password.as_ref().err().map(ToString::to_string));
        Some(session::Setup { token: token?, email: email.ok()?, password: password.ok()? })
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
        if !is_shown {
            self.form.set(Some(error.message().to_owned()));
        }
    }
}

fn form(ways: SetupStatus) -> AnyView {
    let context = context();
    let from_link = context.link_token;
    let [typed_token, email, password] = [(); 3].map(|()| RwSignal::new(String::new()));
    let errors = Errors::default();
    let is_busy = RwSignal::new(false);

    let token = move || {
        let typed = || Sensitive::from(link_token::of(&typed_token.read_untracked()).to_owned());
        from_link.get_untracked().unwrap_or_else(typed)
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        let Some(setup) = errors.check(token(), email.get_untracked(), password.get_untracked())
        else {
            return;
        };
        is_busy.set(true);
        spawn_local(async move {
            match context.client.set_up(&setup).await {
                Ok(user) => {
                    from_link.set(None);
                    if let Err(text) = enter(context, user, routes::OVERVIEW).await {
                        errors.form.try_set(Some(text));
                    }
                }
                Err(refusal) => {
                    // The field is where another token can be entered: each start of a server
                    // prints a new one.
                    if refusal.field("token").is_some() || refusal.status() == Some(401) {
                        from_link.set(None);
                    }
                    errors.show(&refusal);
                }
            }
            is_busy.try_set(false);
        });
    };
    let local = ways.local_sign_in.then(|| {
        view! {
            <TextField label="Email" input=EMAIL value=email error=errors.email/>
            <PasswordField input=PASSWORD value=password error=errors.password/>
            <button class="button button-primary button-wide" aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Creating..." } else { "Create administrator" }}
            </button>
        }
        .into_any()
    });
    let sso = ways.sso.map(|provider| {
        // As the button for the password does, it needs the token.
        let start: Start = Arc::new(move || {
            let setup_token = Some(errors.check_token(token())?);
            Some(StartSso { setup_token, ..StartSso::default() })
        });
        let class = "button button-wide";
        sso_button(continue_with(&provider.name), class, start, errors.form)
    });
    let or = (sso.is_some() && local.is_some())
        .then(|| view! { <p class="or">"or with a password"</p> }.into_any());
    view! {
        <p class="lead">"This creates the first administrator. It can be done once. Then you add a key and put Keyward in front of a service."</p>
        <form novalidate on:submit=submit>
            <FormError error=errors.form/>
            {when(move || from_link.read().is_none(), move || view! {
                <TextField label="Setup token" input=TOKEN value=typed_token error=errors.token/>
            }.into_any())}
            {sso} {or} {local}
        </form>
    }
    .into_any()
}
