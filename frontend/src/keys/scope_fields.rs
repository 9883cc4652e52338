//! The scopes Keyward knows as check boxes, each with a field that narrows it, and a field
//! for the operator's own.

use keyward_api::roles::Role;
use keyward_api::scopes::{KNOWN_SCOPES, KnownScope, Narrowing, Scopes};
use leptos::prelude::*;

use crate::components::field::{Input, TextField, Typed};
use crate::erased::when;
use crate::ids::unique_id;
use crate::keys::scopes::{entered, gather, managing_none, narrow};
use crate::session_state::SessionState;

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
    /// Whether the person may give what manages Keyward.
    may_manage: bool,
    typed: RwSignal<String>,
    pub error: RwSignal<Option<String>>,
}

impl ScopeChoice {
    /// The choice that stands for these scopes.
    pub fn of(scopes: &Scopes, session: SessionState) -> Self {
        let may_manage = untrack(|| session.may(Role::Admin));
        let (known, others) = entered(scopes);
        let mut known = known.into_iter();
        let known = KNOWN_SCOPES.map(|scope| {
            let only = known.next().flatten();
            Known {
                scope,
                is_chosen: RwSignal::new(only.is_some()),
                only: Typed::of(only.unwrap_or_default()),
            }
        });
        Self { known, may_manage, typed: RwSignal::new(others), error: RwSignal::new(None) }
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
        let scopes = gather(chosen.unwrap_or_default(), &self.typed.read_untracked())
            .and_then(|scopes| if self.may_manage { Ok(scopes) } else { managing_none(scopes) });
        self.error.set(scopes.as_ref().err().cloned());
        scopes.ok().filter(|_| is_good)
    }
}

#[component]
pub fn ScopeFields(choice: ScopeChoice) -> impl IntoView {
    let of = move |manages| {
        let known = choice.known.into_iter().filter(|known| known.scope.manages == manages);
        known.map(check_box).collect_view()
    };
    let manage_hint = if choice.may_manage {
        "For Terraform, CI and the like."
    } else {
        "Only an admin gives these."
    };
    view! {
        <fieldset class="scopes">
            <legend>"Scopes"</legend>
            <p class="hint">"Without scopes, the key only identifies the caller."</p>
            <div class="checks">{of(false)}</div>
            <TextField label="Other scopes" input=OTHER value=choice.typed error=choice.error/>
            <fieldset class="scopes scopes-manage" disabled=!choice.may_manage>
                <legend>"Manage Keyward"</legend>
                <p class="hint">{manage_hint}</p>
                <div class="checks">{of(true)}</div>
            </fieldset>
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
                prop:checked=move || is_chosen.get()
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
        Narrowing::KeyName => "Only these keys",
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
            Narrowing::KeyName => {
                "Names or beginnings like ci-*, separated by spaces; empty for all."
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
