//! An attempt to sign in: what the person has entered, and what the server says of it.

use keyward_api::session::SignIn;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::{Context, context};
use crate::routes;
use crate::session::enter::enter;

/// What the person has entered so far.
#[derive(Clone, Copy)]
pub struct Attempt {
    pub email: RwSignal<String>,
    pub password: RwSignal<String>,
    /// The password was right, and the account asks for a code.
    pub wants_code: RwSignal<bool>,
    /// About the code.
    pub code_error: RwSignal<Option<String>>,
    pub error: RwSignal<Option<String>>,
    pub is_busy: RwSignal<bool>,
    /// Where to go then.
    pub next: Memo<String>,
    context: Context,
}

impl Attempt {
    pub fn new() -> Self {
        let context = context();
        let [email, password] = [(); 2].map(|()| RwSignal::new(String::new()));
        Self {
            email,
            password,
            wants_code: RwSignal::new(false),
            code_error: RwSignal::new(None),
            error: RwSignal::new(None),
            is_busy: RwSignal::new(false),
            next: context.location.query_value("next"),
            context,
        }
    }

    /// Signs in. A wrong code leaves the password as it is.
    pub fn submit(self, code: Option<String>) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        self.error.set(None);
        self.code_error.set(None);
        let who = SignIn {
            email: self.email.get_untracked(),
            password: self.password.get_untracked().into(),
            code: code.map(Into::into),
        };
        spawn_local(async move {
            match self.context.client.sign_in(&who).await {
                Ok(user) => {
                    let to = self.next.get_untracked();
                    if let Err(text) = enter(self.context, user, routes::after_login(&to)).await {
                        self.error.try_set(Some(text));
                    }
                }
                Err(refusal) => {
                    let text = Some(refusal.message().to_owned());
                    match refusal.problem().map(|problem| problem.code.as_str()) {
                        Some("totp_required") => drop(self.wants_code.try_set(true)),
                        Some("wrong_code") => drop(self.code_error.try_set(text)),
                        Some("wrong_credentials") => {
                            self.wants_code.try_set(false);
                            self.error.try_set(text);
                        }
                        _ => drop(self.error.try_set(text)),
                    }
                }
            }
            self.is_busy.try_set(false);
        });
    }

    /// Back to the password.
    pub fn start_over(self) {
        self.password.set(String::new());
        self.code_error.set(None);
        self.error.set(None);
        self.wants_code.set(false);
    }
}
