//! Single sign-on: the button that leads to the identity provider, and why it did not work.

use std::sync::Arc;

use keyward_api::account::StartSso;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::context::context;
use crate::erased::memo;
use crate::location::go_elsewhere;

/// What is asked of the identity provider; `None` after an error is shown.
pub type Start = Arc<dyn Fn() -> Option<StartSso> + Send + Sync>;

/// `says` is its label.
pub fn sso_button(
    says: String,
    class: &'static str,
    start: Start,
    error: RwSignal<Option<String>>,
) -> AnyView {
    let client = context().client;
    let is_busy = RwSignal::new(false);
    let go = move |_| {
        if is_busy.get_untracked() {
            return;
        }
        error.set(None);
        let Some(start) = start() else { return };
        is_busy.set(true);
        spawn_local(async move {
            match client.start_sso(&start).await {
                // It stays busy until the browser has left.
                Ok(url) => go_elsewhere(&url),
                Err(refusal) => {
                    error.try_set(Some(refusal.full_message()));
                    is_busy.try_set(false);
                }
            }
        });
    };
    view! {
        <button
            type="button"
            class=class
            id="sso"
            aria-disabled=move || is_busy.get().then_some("true")
            on:click=go
        >
            {says}
        </button>
    }
    .into_any()
}

/// `Continue with NAME`.
pub fn continue_with(name: &str) -> String {
    format!("Continue with {name}")
}

/// Why the browser came back from the identity provider and nobody is signed in; `None` when it
/// did not come from there.
pub fn refusal() -> Memo<Option<String>> {
    let code = context().location.query_value("sso");
    memo(move || {
        let code = code.read();
        (!code.is_empty()).then(|| words(&code).to_owned())
    })
}

/// The sentence for a code of the address. Anybody can write that, so none is shown as it is.
fn words(code: &str) -> &'static str {
    match code {
        "cancelled" => "Sign-in was cancelled at the identity provider.",
        "state" => "This sign-in was not begun in this browser, or was finished before. Try again.",
        "expired" => "The sign-in took longer than 10 minutes. Try again.",
        "provider" => {
            "The answer of the identity provider could not be verified. The audit log says why; an administrator can check KEYWARD_OIDC_ISSUER, the client id and the clock."
        }
        "unverified_email" => {
            "The identity provider has not verified your e-mail address, so it cannot be trusted here. Verify it there and try again."
        }
        "no_email" => {
            "The identity provider sent no e-mail address. An administrator can allow the scope email for this client."
        }
        "no_role" => {
            "None of your groups has a role here. An administrator can add you to a group of KEYWARD_OIDC_ADMIN_GROUPS, _EDITOR_GROUPS or _VIEWER_GROUPS."
        }
        "not_invited" => "There is no account for you. Ask an administrator for an invitation.",
        "link_first" => {
            "An account with your address has a password. Sign in with that, then connect single sign-on under Account and sessions."
        }
        "disabled" => "Your account is disabled. An administrator can enable it under People.",
        "other_account" => {
            "This identity belongs to another account, or your account is connected with another identity."
        }
        "last_admin" => {
            "None of your groups has a role here, and you are the last administrator, so your role was kept. Add yourself to a group of KEYWARD_OIDC_ADMIN_GROUPS."
        }
        "setup" => "This setup link is not valid. Each start of the server prints a new link.",
        "invitation" => {
            "This invitation is not valid any more, or is for another address. Ask for a new one."
        }
        "unavailable" => {
            "The identity provider could not be reached. Try again; the log of the server says why."
        }
        _ => "Single sign-on did not work. The audit log says why.",
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn each_code_has_words_of_its_own_and_an_unknown_one_is_not_repeated() {
        let codes = [
            "cancelled",
            "state",
            "expired",
            "provider",
            "unverified_email",
            "no_email",
            "no_role",
            "not_invited",
            "link_first",
            "disabled",
            "other_account",
            "last_admin",
            "setup",
            "invitation",
            "unavailable",
        ];
        let unknown = words("<b>pay here</b>");
        assert!(!unknown.contains("pay"));
        for (index, code) in codes.iter().enumerate() {
            assert_ne!(words(code), unknown, "{code}");
            assert!(codes[..index].iter().all(|other| words(other) != words(code)), "{code}");
        }
    }
}
