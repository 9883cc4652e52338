//! The form that creates a key.

use keyward_api::keys::{CreateApiKey, KeyName};
use keyward_api::scopes::Scopes;
use leptos::ev::{KeyboardEvent, SubmitEvent};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::field::{Input, TextField, Typed};
use crate::components::problem::FormError;
use crate::erased::effect;
use crate::focus::focus;
use crate::keys::expiry_fields::{ExpiryChoice, ExpiryFields};
use crate::keys::limit_fields::{LimitChoice, folded};
use crate::keys::limits::Limits;
use crate::keys::scope_fields::{ScopeChoice, ScopeFields};
use crate::keys::store::Keys;
use crate::session_state::SessionState;

pub const NAME: Input = Input {
    html_type: "text",
    name: "key-name",
    autocomplete: "off",
    placeholder: "e.g. production",
    hint: "",
};

#[derive(Clone, Copy)]
struct Draft {
    name: Typed,
    expiry: ExpiryChoice,
    limits: LimitChoice,
    scopes: ScopeChoice,
    form_error: RwSignal<Option<String>>,
}

impl Draft {
    fn new(session: SessionState) -> Self {
        Self {
            name: Typed::of(String::new()),
            expiry: ExpiryChoice::of(None),
            limits: LimitChoice::of(Limits::default()),
            scopes: ScopeChoice::of(&Scopes::default(), session),
            form_error: RwSignal::new(None),
        }
    }

    /// Parses as the server will. Checks every field, so that all errors show.
    fn check(self) -> Option<CreateApiKey> {
        self.form_error.set(None);
        let name = self.name.check(KeyName::try_from);
        let (expires_at, limits) = (self.expiry.resolve(), self.limits.resolve());
        let scopes = self.scopes.resolve();
        let Limits { rate, networks } = limits?;
        Some(CreateApiKey {
            name: name?,
            scopes: scopes?,
            expires_at: expires_at.ok()?,
            rate_limit: rate,
            allowed_networks: networks,
        })
    }

    fn show(self, error: &ClientError) {
        let fields = [("expiresAt", self.expiry.error), ("scopes", self.scopes.error)];
        let is_shown = error.show_at(&fields);
        let is_name = show_name_error(error, self.name.error);
        let is_limit = self.limits.show(error);
        if !(is_shown || is_name || is_limit) {
            self.form_error.set(Some(error.full_message()));
        }
    }
}

/// Shows what the server said about the name; whether it said anything. A name that is taken is a
/// conflict without a field.
pub fn show_name_error(error: &ClientError, at: RwSignal<Option<String>>) -> bool {
    let taken = error.problem().filter(|problem| problem.status == 409);
    let sentence = error.field("name").or(taken.map(|problem| problem.message.as_str()));
    at.set(sentence.map(str::to_owned));
    sentence.is_some()
}

#[component]
pub fn KeyForm() -> impl IntoView {
    let keys: Keys = expect_context();
    let is_open = keys.is_adding;
    let draft = Draft::new(keys.pages.context.session);
    let is_busy = RwSignal::new(false);
    let name = NodeRef::<html::Input>::new();
    let focus_name = move || focus(name.get_untracked().as_deref());
    effect(move || focus(name.get().as_deref()));

    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        // The guard against a second key: the button is disabled only once it is drawn again.
        if is_busy.get_untracked() {
            return;
        }
        let Some(key) = draft.check() else {
            if draft.name.error.read_untracked().is_some() {
                focus_name();
            }
            return;
        };
        is_busy.set(true);
        spawn_local(async move {
            let answer = keys.create(&key).await;
            is_busy.try_set(false);
            match answer {
                Ok(()) => drop(is_open.try_set(false)),
                Err(error) => {
                    draft.show(&error);
                    focus_name();
                }
            }
        });
    };
    // A request cannot be taken back, so the form stays to show its answer.
    let cancel = move || {
        if !is_busy.get_untracked() {
            is_open.set(false);
            keys.focus_add_button();
        }
    };
    let cancel_on_escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            cancel();
        }
    };
    view! {
        <form class="panel" aria-label="Add API key" novalidate on:submit=submit on:keydown=cancel_on_escape>
            <FormError error=draft.form_error/>
            <div class="form-grid">
                <TextField label="Name" input=NAME value=draft.name.text error=draft.name.error node_ref=name/>
                <div><ExpiryFields choice=draft.expiry/></div>
            </div>
            <div class="form-scopes"><ScopeFields choice=draft.scopes/></div>
            {folded(draft.limits)}
            <div class="form-buttons">
                <button class="button button-primary" aria-disabled=move || is_busy.get().then_some("true")>
                    {move || if is_busy.get() { "Creating..." } else { "Create" }}
                </button>
                <button type="button" class="button" on:click=move |_| cancel()>"Cancel"</button>
            </div>
        </form>
    }
}
