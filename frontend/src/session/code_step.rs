//! The second step of signing in: a code of the app, or a recovery code.

use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;

use crate::components::field::{Input, TextField};
use crate::erased::{effect, either, memo};
use crate::focus::focus;
use crate::session::attempt::Attempt;

const CODE: Input = Input {
    // Digits on a telephone.
    html_type: "number",
    name: "code",
    autocomplete: "one-time-code",
    placeholder: "",
    hint: "6 digits, from your authenticator app.",
};
const RECOVERY: Input = Input {
    html_type: "text",
    name: "recovery-code",
    autocomplete: "off",
    placeholder: "",
    hint: "One of those you kept when you set up two-factor. Each works once.",
};

pub fn code_step(attempt: Attempt) -> AnyView {
    let code = RwSignal::new(String::new());
    let wants_recovery = RwSignal::new(false);
    let is_busy = attempt.is_busy;
    let first = NodeRef::<html::Input>::new();
    effect(move || focus(first.get().as_deref()));
    let error = attempt.code_error;
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let code = code.get_untracked().trim().to_owned();
        if code.is_empty() {
            error.set(Some("A code is required".to_owned()));
        } else {
            attempt.submit(Some(code));
        }
    };
    let switch = move |_| {
        code.set(String::new());
        error.set(None);
        wants_recovery.update(|wants| *wants = !*wants);
    };
    let field = either(
        memo(move || wants_recovery.get()),
        move || {
            view! { <TextField label="Recovery code" input=RECOVERY value=code error node_ref=first/> }.into_any()
        },
        move || {
            view! { <TextField label="Code" input=CODE value=code error node_ref=first/> }
                .into_any()
        },
    );
    let other = move || if wants_recovery.get() { "Use the app" } else { "Use a recovery code" };
    view! {
        <form novalidate on:submit=submit>
            <p class="form-note">"Signing in as " <strong>{attempt.email.get_untracked()}</strong></p>
            {field}
            <button class="button button-primary button-wide" aria-disabled=move || is_busy.get().to_string()>
                {move || if is_busy.get() { "Signing in..." } else { "Sign in" }}
            </button>
            <div class="form-others">
                <button type="button" class="button button-quiet" on:click=switch>{other}</button>
                <button type="button" class="button button-quiet" on:click=move |_| attempt.start_over()>
                    "Start over"
                </button>
            </div>
        </form>
    }
    .into_any()
}
