//! Setting two-factor up: the secret goes into an app, and a code of the app comes back.

use std::sync::Arc;

use keyward_api::Sensitive;
use keyward_api::account::{EnableTotp, NewTotp, QrCode};
use leptos::ev::SubmitEvent;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::account::password::required;
use crate::account::recovery::show_codes;
use crate::account::store::{Account, Step};
use crate::components::copy_button::copy_button;
use crate::components::field::{Input, TextField, Typed};
use crate::components::password_field::PasswordField;
use crate::components::problem::FormError;
use crate::components::skeleton::skeleton;
use crate::erased::{effect, live};
use crate::focus::{focus, focus_id};
use crate::load::{Load, Shown};

const CODE: Input = Input {
    html_type: "number",
    name: "code",
    autocomplete: "one-time-code",
    placeholder: "",
    hint: "6 digits, which the app shows now.",
};
const PASSWORD: Input = Input {
    html_type: "password",
    name: "password",
    autocomplete: "current-password",
    placeholder: "",
    hint: "",
};

pub fn set_up(account: Account, step: RwSignal<Step>) -> AnyView {
    let (load, new) = (Load::new(), RwSignal::new(None::<NewTotp>));
    let fetch = move || {
        load.begin();
        spawn_local(async move {
            let answer = account.client().new_totp().await;
            load.end(answer.map(|totp| _ = new.try_set(Some(totp))));
        });
    };
    fetch();
    let shown = load.shown(|| false, || true);
    live(move || match shown.get() {
        Shown::Loading => skeleton("Loading the secret"),
        Shown::Failed => load.failed("Two-factor could not be set up", fetch),
        _ => new.get_untracked().map_or_else(|| ().into_any(), |totp| form(account, step, totp)),
    })
}

fn form(account: Account, step: RwSignal<Step>, totp: NewTotp) -> AnyView {
    let [code, password] = [(); 2].map(|()| Typed::of(String::new()));
    let error = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let first = NodeRef::<html::Input>::new();
    effect(move || focus(first.get().as_deref()));
    let NewTotp { secret, qr, .. } = totp;
    let shown = grouped(secret.expose());
    let copied = secret.clone();
    let copy = copy_button("Copy secret".to_owned(), Arc::new(move || copied.expose().to_owned()));
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if is_busy.get_untracked() {
            return;
        }
        error.set(None);
        let typed_code = code.check(digits);
        let typed_password = password.check(required);
        let (Some(typed_code), Some(typed_password)) = (typed_code, typed_password) else { return };
        is_busy.set(true);
        let enable =
            EnableTotp { password: typed_password, secret: secret.clone(), code: typed_code };
        spawn_local(async move {
            let answer = account.client().enable_totp(&enable).await;
            match answer.and_then(crate::http::Body::data) {
                Ok(codes) => {
                    show_codes(account, codes);
                    step.try_set(Step::Rest);
                    account.renew();
                }
                Err(refusal) => {
                    let fields = [("code", code.error), ("password", password.error)];
                    if !refusal.show_at(&fields) {
                        error.try_set(Some(refusal.full_message()));
                    }
                }
            }
            is_busy.try_set(false);
        });
    };
    let cancel = move |_| {
        step.set(Step::Rest);
        focus_id("set-up-totp");
    };
    view! {
        <div class="totp">
            {qr_code(&qr)}
            <div>
                <p>"Scan this with an authenticator app, or type the secret into it:"</p>
                <p class="totp-secret"><code>{shown}</code> {copy}</p>
                <form class="account-form" novalidate on:submit=submit>
                    <FormError error/>
                    <div class="field-row">
                        <TextField label="Code" input=CODE value=code.text error=code.error node_ref=first/>
                        <PasswordField input=PASSWORD value=password.text error=password.error/>
                    </div>
                    <p class="hint">"Your other sessions end, since they began without a code."</p>
                    <div class="form-buttons">
                        <button class="button button-primary" aria-disabled=move || is_busy.get().then_some("true")>
                            {move || if is_busy.get() { "Switching on..." } else { "Switch on" }}
                        </button>
                        <button type="button" class="button" on:click=cancel>"Cancel"</button>
                    </div>
                </form>
            </div>
        </div>
    }
    .into_any()
}

fn qr_code(qr: &QrCode) -> AnyView {
    let view_box = format!("0 0 {0} {0}", qr.size);
    view! {
        <svg class="qr" viewBox=view_box role="img" aria-label="QR code for an authenticator app">
            <path d=qr.path.expose().to_owned()></path>
        </svg>
    }
    .into_any()
}

fn digits(text: String) -> Result<Sensitive, &'static str> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let fits = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(code.into()) } else { Err("Code must have 6 digits") }
}

/// In groups of four, for typing.
fn grouped(secret: &str) -> String {
    let chars: Vec<char> = secret.chars().collect();
    let groups = chars.chunks(4).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_may_be_typed_in_two_groups() {
        let code = |text: &str| digits(text.to_owned()).map(|code| code.expose().to_owned());
        assert_eq!(code(" 123 456 ").as_deref(), Ok("123456"));
        for bad in ["", "12345", "1234567", "12345a", "\u{661}23456"] {
            assert!(code(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_stands_in_groups_of_four() {
        assert_eq!(grouped("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(grouped(""), "");
    }
}
