//! The scopes Keyward knows as check boxes, and a field for the operator's own.

use keyward_api::scopes::{KNOWN_SCOPES, KnownScope, Scopes};
use leptos::prelude::*;

use crate::components::field::{Input, TextField, unique_id};
use crate::keys::scopes::gather;

const OTHER: Input = Input {
    kind: "text",
    name: "other-scopes",
    autocomplete: "off",
    placeholder: "e.g. orders:write",
    hint: "For services behind the proxy, separated by spaces.",
};

/// What the person has chosen so far.
#[derive(Clone, Copy, Default)]
pub struct ScopeChoice {
    chosen: RwSignal<Vec<&'static str>>,
    typed: RwSignal<String>,
    /// What is wrong with what was typed.
    pub error: RwSignal<Option<String>>,
}

impl ScopeChoice {
    /// The scopes, unless something is wrong, which is then shown.
    pub fn resolve(self) -> Option<Scopes> {
        let scopes = gather(&self.chosen.read_untracked(), &self.typed.read_untracked());
        self.error.set(scopes.as_ref().err().cloned());
        scopes.ok()
    }

    fn set(self, scope: &'static str, is_chosen: bool) {
        self.chosen.update(|chosen| {
            chosen.retain(|other| *other != scope);
            if is_chosen {
                chosen.push(scope);
            }
        });
    }
}

/// The check boxes and the field.
#[component]
pub fn ScopeFields(choice: ScopeChoice) -> impl IntoView {
    let known = move |KnownScope { text: scope, opens: says, .. }: KnownScope| {
        let id = unique_id();
        let says_id = format!("{id}-says");
        view! {
            <div class="check">
                <input
                    type="checkbox"
                    id=id.clone()
                    aria-describedby=says_id.clone()
                    on:change=move |event| choice.set(scope, event_target_checked(&event))
                />
                <label for=id><code>{scope}</code></label>
                <p class="hint" id=says_id>{says}</p>
            </div>
        }
        .into_any()
    };
    view! {
        <fieldset class="scopes">
            <legend>"Scopes"</legend>
            <p class="hint">"Without a scope a key only proves who calls."</p>
            <div class="checks">{KNOWN_SCOPES.map(known).collect_view()}</div>
            <TextField label="Other scopes" input=OTHER value=choice.typed error=choice.error/>
        </fieldset>
    }
}
