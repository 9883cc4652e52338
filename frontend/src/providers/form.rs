//! The dialog with the fields of a provider or of a model.

use std::sync::Arc;

use keyward_api::roles::Role;
use leptos::html;
use leptos::prelude::*;

use crate::components::field::{Input, TextField, Typed};
use crate::components::form_dialog::{FormDialog, Save};
use crate::components::value_field::ValueField;
use crate::providers::dialog_request::DialogRequest;
use crate::providers::draft::{Draft, without_ends};
use crate::providers::store::Providers;

/// Of the dialog and of the preview.
pub const PROVIDER: Input = Input {
    html_type: "text",
    name: "provider",
    autocomplete: "off",
    placeholder: "e.g. openai",
    hint: "",
};
const NEW_PROVIDER: Input =
    Input { hint: "Lower-case letters, digits, - and _. Cannot be changed later.", ..PROVIDER };
const MODEL: Input = Input {
    html_type: "text",
    name: "model",
    autocomplete: "off",
    placeholder: "e.g. gpt-5",
    hint: "As the provider calls it. Cannot be changed later.",
};
const BASE_URL: Input = Input {
    html_type: "url",
    name: "base-url",
    autocomplete: "off",
    placeholder: "e.g. https://api.example.com/v1",
    hint: "Optional, and not encrypted.",
};
const NOTE: Input = Input {
    html_type: "text",
    name: "note",
    autocomplete: "off",
    placeholder: "",
    hint: "Optional, and not encrypted.",
};
const OF_THE_VALUE: &str =
    "Encrypted, without white space around it. The last 4 characters stay readable.";

#[component]
pub fn ProviderForm(
    request: DialogRequest,
    dialog: NodeRef<html::Dialog>,
    on_close: Callback<()>,
) -> impl IntoView {
    let providers: Providers = expect_context();
    let draft = Draft::of(&request);
    let (title, fields) = (request.title(), request.fields());
    // A title that names the model does not name its provider.
    let whose = match &request {
        DialogRequest::ReplaceModel(provider, _) => Some(provider.provider.clone()),
        _ => None,
    };
    let is_admin = untrack(|| providers.pages.context.session.may(Role::Admin));
    let save: Save = Arc::new(move || Box::pin(draft.save(request.clone(), providers)));
    view! {
        <FormDialog title error=draft.error save dialog on_close>
            {whose.map(|provider| view! {
                <p class="fixed"><span class="fixed-label">"Provider"</span> <code>{provider}</code></p>
            })}
            {fields.iter().map(|name| field(draft, name, is_admin)).collect_view()}
        </FormDialog>
    }
}

fn field(draft: Draft, name: &str, may_change_base_url: bool) -> AnyView {
    let text = |label, input, Typed { text, error }| {
        view! { <TextField label input value=text error/> }.into_any()
    };
    match name {
        "provider" => text("Provider", NEW_PROVIDER, draft.provider),
        "model" => text("Model", MODEL, draft.model),
        "baseUrl" if may_change_base_url => text("Base URL", BASE_URL, draft.base_url),
        "baseUrl" => fixed_base_url(draft.base_url),
        "note" => text("Note", NOTE, draft.note),
        _ => {
            let Typed { text, error } = draft.value;
            view! { <ValueField value=text error hint=OF_THE_VALUE kept=without_ends/> }.into_any()
        }
    }
}

/// It decides where calls go, with the key.
fn fixed_base_url(base_url: Typed) -> AnyView {
    let text = base_url.text.get_untracked();
    let text = if text.is_empty() {
        view! { <span class="quiet">"None"</span> }.into_any()
    } else {
        view! { <code>{text}</code> }.into_any()
    };
    view! {
        <div class="fixed">
            <span class="fixed-label">"Base URL"</span>
            {text}
            <p class="hint">"Only an admin changes it: it decides where the key is sent."</p>
        </div>
    }
    .into_any()
}
