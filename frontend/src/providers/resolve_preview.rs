//! The box that tells which key would be used, and why, without the key.

use keyward_api::providers::{Explained, ModelName, ProviderId, Source};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::field::{Input, TextField, Typed};
use crate::components::icon::{Icon, icon};
use crate::components::problem::FormError;
use crate::erased::{effect, live};
use crate::ids::unique_id;
use crate::providers::form::PROVIDER;
use crate::providers::provider_card::shown_hint;
use crate::providers::store::Providers;

const MODEL: Input = Input {
    html_type: "text",
    name: "model",
    autocomplete: "off",
    placeholder: "optional, e.g. gpt-5",
    hint: "",
};
const KNOWN: &str = "known-providers";

const OF_THE_MODEL: &str = "The model's own key";
const OF_THE_PROVIDER: &str = "The provider's key";
const NONE: &str = "None";

/// The fields, and the answer.
#[derive(Clone, Copy)]
struct Preview {
    provider: Typed,
    model: Typed,
    /// Whose key it is; empty without an answer.
    whose: RwSignal<&'static str>,
    /// The last characters of the key.
    hint: RwSignal<Option<String>>,
    /// The reason of the server.
    why: RwSignal<String>,
    error: RwSignal<Option<String>>,
    is_busy: RwSignal<bool>,
    /// Changes with everything the answer depends on: an answer to an earlier turn is dropped.
    turn: RwSignal<String>,
}

impl Preview {
    fn new() -> Self {
        Self {
            provider: Typed::of(String::new()),
            model: Typed::of(String::new()),
            whose: RwSignal::new(""),
            hint: RwSignal::new(None),
            why: RwSignal::new(String::new()),
            error: RwSignal::new(None),
            is_busy: RwSignal::new(false),
            turn: RwSignal::new(String::new()),
        }
    }

    fn forget(self) {
        self.turn.set(unique_id());
        self.whose.set("");
        self.error.set(None);
    }

    /// Checks both fields, so that all errors show.
    fn check(self) -> bool {
        let provider = self.provider.check(ProviderId::try_from);
        // Without a model the provider itself is resolved.
        let model = self.model.check(|text| {
            if text.is_empty() { Ok(None) } else { ModelName::try_from(text).map(Some) }
        });
        provider.is_some() && model.is_some()
    }

    async fn resolve(self, providers: Providers) {
        let turn = self.turn.get_untracked();
        let (provider, model) =
            (self.provider.text.get_untracked(), self.model.text.get_untracked());
        let answer = providers.explain(&provider, &model).await;
        self.is_busy.set(false);
        if self.turn.try_get_untracked() == Some(turn) {
            self.take(answer);
        }
    }

    fn take(self, answer: Result<Explained, ClientError>) {
        let error = match answer {
            Ok(Explained { source: Source::Model, hint, reason, .. }) => {
                return self.show_answer(OF_THE_MODEL, hint, reason);
            }
            Ok(Explained { hint, reason, .. }) => {
                return self.show_answer(OF_THE_PROVIDER, hint, reason);
            }
            Err(error) => error,
        };
        let none = error.problem().filter(|problem| problem.code == "no_credential");
        let fields = [("provider", self.provider.error), ("model", self.model.error)];
        if let Some(problem) = none {
            self.show_answer(NONE, None, problem.message.clone());
        } else if !error.show_at(&fields) {
            self.error.set(Some(error.full_message()));
        }
    }

    fn show_answer(self, whose: &'static str, hint: Option<String>, why: String) {
        self.hint.set(hint);
        self.why.set(why);
        self.whose.set(whose);
    }

    fn answer(self) -> AnyView {
        let (class, picture) = match self.whose.get() {
            "" => return ().into_any(),
            NONE => ("resolve-preview-answer resolve-preview-none", Icon::Warning),
            _ => ("resolve-preview-answer", Icon::Key),
        };
        let whose = self.whose.get_untracked();
        let hint = (whose != NONE).then(|| shown_hint(self.hint.get_untracked()));
        view! {
            <div class=class>
                {icon(picture)}
                <p class="resolve-preview-whose">{whose} " " {hint}</p>
                <p class="resolve-preview-why">{self.why.get_untracked()}</p>
            </div>
        }
        .into_any()
    }
}

#[component]
pub fn ResolvePreview() -> impl IntoView {
    let providers: Providers = expect_context();
    let preview = Preview::new();
    let Preview { provider, model, is_busy, .. } = preview;
    effect(move || {
        provider.text.track();
        model.text.track();
        providers.list.track();
        preview.forget();
    });
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() || !preview.check() {
            return;
        }
        preview.forget();
        is_busy.set(true);
        spawn_local(preview.resolve(providers));
    };
    let known = move || {
        let option = |name: &str| view! { <option value=name.to_owned()></option> }.into_any();
        let list = providers.list.read();
        list.iter().map(|one| option(&one.provider)).collect_view().into_any()
    };
    view! {
        <form class="panel resolve-preview" aria-labelledby="resolve-preview-title" novalidate on:submit=submit>
            <h2 id="resolve-preview-title">"Which key would be used?"</h2>
            <FormError error=preview.error/>
            <div class="resolve-preview-fields">
                <TextField
                    label="Provider"
                    input=PROVIDER
                    value=provider.text
                    error=provider.error
                    list=KNOWN
                />
                <TextField label="Model" input=MODEL value=model.text error=model.error/>
                <button class="button" aria-disabled=move || is_busy.get().then_some("true")>
                    {move || if is_busy.get() { "Checking..." } else { "Check" }}
                </button>
            </div>
            <datalist id=KNOWN>{live(known)}</datalist>
            <div role="status">{live(move || preview.answer())}</div>
        </form>
    }
}
