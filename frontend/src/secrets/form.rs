//! The dialog that adds a secret, or changes one.

use std::sync::Arc;

use keyward_api::Sensitive;
use keyward_api::secrets::{
    CreateSecret, Description, Secret, SecretKey, SecretValue, UpdateSecret,
};
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::field::{Input, TextField};
use crate::components::form_dialog::{FormDialog, Save};
use crate::components::value_field::ValueField;
use crate::erased::when;
use crate::secrets::store::Secrets;
use crate::text::quoted;

const KEY: Input = Input {
    html_type: "text",
    name: "secret-key",
    autocomplete: "off",
    placeholder: "e.g. DATABASE_URL",
    hint: "Capital letters, digits, underscores. Cannot be changed later.",
};
const DESCRIPTION: Input = Input {
    html_type: "text",
    name: "secret-description",
    autocomplete: "off",
    placeholder: "",
    hint: "Optional, and not encrypted.",
};
const OF_A_NEW_ONE: &str = "Encrypted. 1 byte to 64 KiB.";
const OF_AN_OLD_ONE: &str = "Leave it empty to keep the present value.";

const RELOADED: &str = "Reloaded. Saving now replaces what the other person did.";
const GONE: &str = "Somebody else has deleted this secret.";

#[derive(Clone, Copy)]
struct Draft {
    /// The secret to change, as it was last listed; none for a new one.
    old: RwSignal<Option<Secret>>,
    key: RwSignal<String>,
    value: RwSignal<String>,
    description: RwSignal<String>,
    key_error: RwSignal<Option<String>>,
    value_error: RwSignal<Option<String>>,
    description_error: RwSignal<Option<String>>,
    form_error: RwSignal<Option<String>>,
    /// Another person changed the secret, so it must be reloaded.
    is_stale: RwSignal<bool>,
    note: RwSignal<&'static str>,
}

impl Draft {
    fn of(secret: Option<Secret>) -> Self {
        let description = secret.as_ref().and_then(|secret| secret.description.clone());
        let [key_error, value_error, description_error, form_error] =
            [(); 4].map(|()| RwSignal::new(None));
        Self {
            old: RwSignal::new(secret),
            key: RwSignal::new(String::new()),
            value: RwSignal::new(String::new()),
            description: RwSignal::new(description.unwrap_or_default()),
            key_error,
            value_error,
            description_error,
            form_error,
            is_stale: RwSignal::new(false),
            note: RwSignal::new(""),
        }
    }

    fn check_rest(self) -> (Option<SecretValue>, Option<Description>) {
        let value = SecretValue::try_from(Sensitive::from(self.value.get_untracked()));
        self.value_error.set(value.as_ref().err().map(ToString::to_string));
        let description = Description::try_from(self.description.get_untracked());
        self.description_error.set(description.as_ref().err().map(ToString::to_string));
        (value.ok(), description.ok())
    }

    /// Checks every field, so that all errors show.
    fn check_new(self) -> Option<CreateSecret> {
        let key = SecretKey::try_from(self.key.get_untracked());
        self.key_error.set(key.as_ref().err().map(ToString::to_string));
        let (value, description) = self.check_rest();
        let description = description?;
        let is_blank = String::from(description.clone()).is_empty();
        Some(CreateSecret {
            key: key.ok()?,
            value: value?,
            description: (!is_blank).then_some(description),
        })
    }

    fn check_change(self, old: &Secret) -> Option<UpdateSecret> {
        let (value, description) = self.check_rest();
        let keeps_value = self.value.read_untracked().is_empty();
        if keeps_value {
            self.value_error.set(None);
        } else if value.is_none() {
            return None;
        }
        let description = description?;
        let text = description.clone().into_text();
        let is_blank = text.is_none();
        let is_other = text != old.description;
        Some(UpdateSecret {
            value,
            description: is_other.then_some((!is_blank).then_some(description)),
        })
    }

    fn show(self, error: &ClientError) {
        let fields = [
            ("key", self.key_error),
            ("value", self.value_error),
            ("description", self.description_error),
        ];
        let is_shown = error.show_at(&fields);
        if !is_shown {
            self.form_error.set(Some(error.full_message()));
        }
    }

    /// Sends the form; whether the dialog is done.
    async fn save(self, secrets: Secrets) -> bool {
        self.form_error.set(None);
        self.note.set("");
        let answer = if let Some(old) = self.old.get_untracked() {
            let Some(update) = self.check_change(&old) else { return false };
            if update.value.is_none() && update.description.is_none() {
                return true;
            }
            secrets.change(&old, &update).await
        } else {
            let Some(secret) = self.check_new() else { return false };
            secrets.create(&secret).await
        };
        match &answer {
            Err(error) if error.status() == Some(412) => self.show_conflict(secrets).await,
            Err(error) => self.show(error),
            Ok(()) => {}
        }
        answer.is_ok()
    }

    /// Says who has changed the secret meanwhile, and when.
    async fn show_conflict(self, secrets: Secrets) {
        let Some(old) = self.old.try_get_untracked().flatten() else { return };
        let text = secrets.conflict(&old.key).await;
        self.is_stale.try_set(true);
        self.form_error.try_set(Some(text));
    }

    /// Takes over the present secret. What the person has typed stays.
    async fn reload(self, secrets: Secrets) {
        let Some(old) = self.old.get_untracked() else { return };
        spawn_local(secrets.pages.fetch());
        let new = secrets.look(&old.key).await;
        // The dialog may be closed.
        if self.old.try_get_untracked().is_none() {
            return;
        }
        let new = match new {
            // A secret of the same name that was made since is another secret.
            Ok(new) => new.filter(|new| new.id == old.id),
            Err(error) => return self.form_error.set(Some(error.full_message())),
        };
        self.is_stale.set(false);
        self.form_error.set(new.is_none().then(|| GONE.to_owned()));
        let Some(new) = new else { return };
        if *self.description.read_untracked() == old.description.unwrap_or_default() {
            self.description.set(new.description.clone().unwrap_or_default());
        }
        self.old.set(Some(new));
        self.note.set(RELOADED);
    }
}

#[component]
pub fn SecretForm(
    secret: Option<Secret>,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let secrets: Secrets = expect_context();
    let title = match &secret {
        Some(secret) => format!("Edit {}", quoted(&secret.key)),
        None => "Add secret".to_owned(),
    };
    let fixed_key = secret.as_ref().map(|secret| secret.key.clone());
    let hint = if secret.is_some() { OF_AN_OLD_ONE } else { OF_A_NEW_ONE };
    let draft = Draft::of(secret);
    let save: Save = Arc::new(move || Box::pin(draft.save(secrets)));
    let key_field = match fixed_key {
        Some(key) => view! {
            <p class="fixed"><span class="fixed-label">"Key"</span> <code>{key}</code></p>
        }
        .into_any(),
        None => view! { <TextField label="Key" input=KEY value=draft.key error=draft.key_error/> }
            .into_any(),
    };
    view! {
        <FormDialog title error=draft.form_error save dialog on_close>
            <p class="form-note" role="status">{move || draft.note.get()}</p>
            {when(move || draft.is_stale.get(), move || view! {
                <button
                    type="button"
                    class="button form-reload"
                    on:click=move |_| spawn_local(draft.reload(secrets))
                >
                    "Reload"
                </button>
            }.into_any())}
            {key_field}
            <ValueField value=draft.value error=draft.value_error hint/>
            <TextField
                label="Description"
                input=DESCRIPTION
                value=draft.description
                error=draft.description_error
            />
        </FormDialog>
    }
}
