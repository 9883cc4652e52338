//! The scopes Keyward knows as check boxes, each with a field that narrows it, and a field
//! for the operator's own.

use keyward_api::scopes::{KNOWN_SCOPES, KnownScope, Narrowing, Scopes};
use leptos::prelude::*;

use crate::components::field::{Input, TextField, Typed};
use crate::erased::when;
use crate::ids::unique_id;
use crate::keys::scopes::{gather, narrow};

const OTHER: Input = Input {
    html_type: "text",
    name: "other-scopes",
    autocomplete: "off",
    placeholder: "e.g. orders:write",
    hint: "For services behind the proxy, separated by spaces.",
};

/// A known scope, and what the person has chosen about it.
#[derive(Clone, Copy)]
struct Known {
    scope: KnownScope,
    is_chosen: RwSignal<bool>,
    /// The names it is narrowed to.
    only: Typed,
}

#[derive(Clone, Copy)]
pub struct ScopeChoice {
    known: [Known; KNOWN_SCOPES.len()],
    typed: RwSignal<String>,
    pub error: RwSignal<Option<String>>,
}

impl ScopeChoice {
    pub fn new() -> Self {
        let known = KNOWN_SCOPES.map(|scope| Known {
            scope,
            is_chosen: RwSignal::new(false),
            only: Typed::of(String::new()),
        });
        Self { known, typed: RwSignal::new(String::new()), error: RwSignal::new(None) }
    }

    /// `None` after the errors are shown. Checks every field, so that all errors show.
    pub fn resolve(self) -> Option<Scopes> {
        let mut chosen = Some(Vec::new());
        for Known { scope, only, .. } in
            self.known.iter().filter(|one| one.is_chosen.get_untracked())
        {
            let narrowed = narrow(scope, &only.text.read_untracked());
            only.error.set(narrowed.as_ref().err().cloned());
            chosen = chosen.zip(narrowed.ok()).map(|(chosen, more)| [chosen, more].concat());
        }
        let is_good = chosen.is_some();
        let scopes = gather(chosen.unwrap_or_default(), &self.typed.read_untracked());
        self.error.set(scopes.as_ref().err().cloned());
        scopes.ok().filter(|_| is_good)
    }
}

#[component]
pub fn ScopeFields(choice: ScopeChoice) -> impl IntoView {
    view! {
        <fieldset class="scopes">
            <legend>"Scopes"</legend>
            <p class="hint">"Without a scope a key only proves who calls."</p>
            <div class="checks">{choice.known.map(check_box).collect_view()}</div>
            <TextField label="Other scopes" input=OTHER value=choice.typed error=choice.error/>
        </fieldset>
    }
}

fn check_box(Known { scope, is_chosen, only }: Known) -> AnyView {
    let id = unique_id();
    let says_id = format!("{id}-says");
    let narrowing = scope
        .narrowed_by
        .map(|by| when(move || is_chosen.get(), move || field(scope.text, by, only)));
    view! {
        <div class="check">
            <input
                type="checkbox"
                id=id.clone()
                aria-describedby=says_id.clone()
                on:change=move |event| is_chosen.set(event_target_checked(&event))
            />
            <label for=id><code>{scope.text}</code></label>
            <p class="hint" id=says_id>{scope.opens}</p>
            {narrowing}
        </div>
    }
    .into_any()
}

/// The group names the scope for screen readers.
fn field(scope: &'static str, by: Narrowing, Typed { text, error }: Typed) -> AnyView {
    let label = match by {
        Narrowing::SecretKey => "Only these secrets",
        Narrowing::Provider => "Only these providers",
    };
    let input = Input {
        html_type: "text",
        name: "only",
        autocomplete: "off",
        placeholder: by.example(),
        hint: match by {
            Narrowing::SecretKey => {
                "Names or beginnings like GITHUB_*, separated by spaces; empty for all."
            }
            Narrowing::Provider => {
                "Names or beginnings like open*, separated by spaces; empty for all."
            }
        },
    };
    view! {
        <div class="check-only" role="group" aria-label=scope>
            <TextField label input value=text error/>
        </div>
    }
    .into_any()
}
