//! One provider with its models.

use keyward_api::providers::{ModelCredential, Provider, model_id};
use keyward_api::roles::Role;
use leptos::prelude::*;
use time::OffsetDateTime;

use crate::components::action::{Action, action};
use crate::components::each::Each;
use crate::components::time::{Instant, Short};
use crate::erased::{live, memo, when};
use crate::providers::dialog_request::DialogRequest;
use crate::providers::store::Providers;
use crate::query::encode;

/// It follows its provider by name, so that a change keeps the card, and with it the focus.
#[component]
pub fn ProviderCard(id: StoredValue<String>) -> impl IntoView {
    let providers: Providers = expect_context();
    let name = id.get_value();
    let provider = move || providers.get(&id.read_value());
    let has_key = memo(move || provider().is_some_and(|provider| provider.has_key));
    let models = memo(move || {
        let model_ids = |provider: Provider| {
            let ids =
                provider.models.iter().map(|model| model_id(&provider.provider, &model.model));
            ids.collect::<Vec<_>>()
        };
        provider().map(model_ids).unwrap_or_default()
    });
    let request = move |dialog: fn(Provider) -> DialogRequest| {
        move || providers.dialog_request.set(untrack(provider).map(dialog))
    };
    let replace = request(DialogRequest::SetKey);
    let replace_label = format!("key of {name}");
    let edit_label = format!("Edit details of {name}");
    let edit = move || {
        let label = edit_label.clone();
        action(
            Action { says: "Edit details", label, ..Action::default() },
            request(DialogRequest::Edit),
        )
    };
    let delete = {
        let name = name.clone();
        move || Action {
            says: "Delete",
            label: format!("Delete {name}"),
            is_removal: true,
            id: delete_button(&name),
        }
    };
    let add_model = {
        let name = name.clone();
        move || {
            let button = Action {
                says: "Add model key",
                label: format!("Add model key to {name}"),
                id: add_model_button(&name),
                ..Action::default()
            };
            action(button, request(DialogRequest::AddModel))
        }
    };
    let may = move || providers.pages.context.session.may(Role::Editor);
    let actions = move || {
        let replace_label = replace_label.clone();
        view! {
                <div class="actions">
                    // It stays when its label changes, and with it the focus.
                    <button
                        type="button"
                        class="button button-small"
                        aria-label=move || format!("{} {replace_label}", verb(has_key.get()))
                        on:click=move |_| replace()
                    >
                        {move || verb(has_key.get())} " key"
                    </button>
                    {when(move || has_key.get(), edit.clone())}
                    {action(delete(), request(|provider| DialogRequest::Delete(provider, None)))}
                </div>
        }
        .into_any()
    };
    let models_say = move || {
        let has_models = !models.read().is_empty();
        if has_models { "Models with a key of their own" } else { "No model has a key of its own" }
    };
    view! {
        <li class="provider">
            <div class="provider-head">
                <h2><code>{name}</code></h2>
                {when(may, actions)}
            </div>
            {live(move || provider().map_or(().into_any(), facts))}
            <div class="models-head">
                <h3>{models_say}</h3>
                {when(may, add_model)}
            </div>
            <ul class="models">
                <Each ids=models draw=|id| view! { <Model id/> }.into_any()/>
            </ul>
        </li>
    }
}

fn verb(has_key: bool) -> &'static str {
    if has_key { "Replace" } else { "Add" }
}

/// A model with a key of its own.
#[component]
fn Model(id: StoredValue<String>) -> impl IntoView {
    let providers: Providers = expect_context();
    let found = move || providers.model(&id.read_value());
    let name = id.get_value();
    let model = name.split_once('/').map(|(_, model)| model.to_owned()).unwrap_or_default();
    let request = move |dialog: fn(Provider, String) -> DialogRequest| {
        move || {
            let found = untrack(found);
            providers
                .dialog_request
                .set(found.map(|(provider, model)| dialog(provider, model.model)));
        }
    };
    let actions = move || {
        let replace = Action {
            says: "Replace",
            label: format!("Replace key of {name}"),
            ..Action::default()
        };
        let delete = Action {
            says: "Delete",
            label: format!("Delete key of {name}"),
            is_removal: true,
            id: delete_button(&name),
        };
        view! {
            <div class="actions">
                {action(replace, request(DialogRequest::ReplaceModel))}
                {action(delete, request(|provider, model| DialogRequest::Delete(provider, Some(model))))}
            </div>
        }
        .into_any()
    };
    let key_facts = move |(_, ModelCredential { hint, updated_at, .. })| {
        view! {
            <span class="model-hint">{shown_hint(hint)}</span>
            <span class="model-updated">"Updated " {instant(updated_at)}</span>
        }
        .into_any()
    };
    view! {
        <li class="model">
            <code class="model-name">{model}</code>
            {live(move || found().map_or(().into_any(), key_facts))}
            {when(move || providers.pages.context.session.may(Role::Editor), actions)}
        </li>
    }
}

/// A provider without a key has no facts.
fn facts(provider: Provider) -> AnyView {
    let fact = |label: &'static str, value: AnyView| {
        view! { <div><dt>{label}</dt> <dd>{value}</dd></div> }.into_any()
    };
    if !provider.has_key {
        let none = view! { <span class="quiet">"None of its own"</span> }.into_any();
        return view! { <dl class="provider-facts">{fact("Key", none)}</dl> }.into_any();
    }
    let base_url = provider.base_url.map(|url| view! { <code>{url}</code> }.into_any());
    let note = provider.note.map(IntoAny::into_any);
    view! {
        <dl class="provider-facts">
            {fact("Key", shown_hint(provider.hint))}
            {provider.updated_at.map(|at| fact("Updated", instant(at)))}
            {base_url.map(|url| fact("Base URL", url))}
            {note.map(|note| fact("Note", note))}
        </dl>
    }
    .into_any()
}

/// The last characters of a key.
pub fn shown_hint(hint: Option<String>) -> AnyView {
    match hint {
        Some(end) => view! { <code>{format!("...{end}")}</code> }.into_any(),
        None => view! { <span class="quiet">"Too short for a hint"</span> }.into_any(),
    }
}

fn instant(at: OffsetDateTime) -> AnyView {
    view! { <Instant at short=Short::Relative/> }.into_any()
}

/// The id of a button that takes the focus when a row goes.
pub fn delete_button(id: &str) -> String {
    format!("delete-{}", encode(id))
}

/// The id of a button that takes the focus when the last model goes.
pub fn add_model_button(provider: &str) -> String {
    format!("add-model-{provider}")
}
