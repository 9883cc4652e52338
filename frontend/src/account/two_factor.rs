//! Two-factor: off, being set up, or on.

use leptos::html;
use leptos::prelude::*;

use crate::account::confirm::{Confirm, confirm};
use crate::account::recovery::show_codes;
use crate::account::set_up_totp::set_up;
use crate::account::store::{Account, Step};
use crate::components::action::{Action, action};
use crate::components::icon::{Icon, icon};
use crate::erased::live;

pub fn two_factor(account: Account) -> AnyView {
    let step = RwSignal::new(Step::Rest);
    let has_password = account.part(|session| session.has_password);
    let is_on = account.part(|session| session.two_factor);
    let body = live(move || {
        match (has_password.get(), is_on.get()) {
        (false, _) => view! {
            <p>"Without a password there is nothing to add a code to: the identity provider asks for one, if it is set up there."</p>
        }
        .into_any(),
        (true, true) => on(account, step),
        (true, false) => off(account, step),
    }
    });
    let dialog = NodeRef::<html::Dialog>::new();
    let on_close = Callback::new(move |()| step.set(Step::Rest));
    let asked = live(move || match step.get() {
        Step::Rest | Step::SettingUp => ().into_any(),
        Step::Disabling => confirm(DISABLE, dialog, on_close, |account, confirm| {
            Box::pin(async move {
                account.client().disable_totp(&confirm).await?.done()?;
                account.context.toasts.success("Two-factor switched off");
                account.renew();
                Ok(())
            })
        }),
        Step::NewCodes => confirm(NEW_CODES, dialog, on_close, |account, confirm| {
            Box::pin(async move {
                let body = account.client().new_recovery_codes(&confirm).await?;
                show_codes(account, body.data()?);
                account.renew();
                Ok(())
            })
        }),
    });
    view! {
        <section class="panel" aria-labelledby="two-factor-title">
            <h2 id="two-factor-title">"Two-factor"</h2>
            {body}
            {asked}
        </section>
    }
    .into_any()
}

const DISABLE: Confirm = Confirm {
    title: "Switch off two-factor?",
    text: "From then on your password alone signs you in. The recovery codes stop working.",
    button: ["Switch off", "Switching off..."],
};
const NEW_CODES: Confirm = Confirm {
    title: "Make new recovery codes?",
    text: "You get ten new codes. Those you have stop working.",
    button: ["Make new codes", "Making..."],
};

fn off(account: Account, step: RwSignal<Step>) -> AnyView {
    live(move || {
        if step.get() == Step::SettingUp {
            return set_up(account, step);
        }
        view! {
            <p class="hint">"Off. With it, signing in asks for a code of your telephone beside the password."</p>
            <div class="form-buttons">
                <button type="button" class="button" id="set-up-totp" on:click=move |_| step.set(Step::SettingUp)>
                    "Set up"
                </button>
            </div>
        }
        .into_any()
    })
}

fn on(account: Account, step: RwSignal<Step>) -> AnyView {
    let left = account.part(|session| session.recovery_codes_left);
    let codes = move || match left.get() {
        0 => "No recovery code is left: make new ones, or losing the app locks you out.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        many => format!("{many} recovery codes are left."),
    };
    let new = Action {
        says: "New recovery codes",
        label: "New recovery codes".to_owned(),
        ..Action::default()
    };
    let disable = Action {
        says: "Switch off",
        label: "Switch off two-factor".to_owned(),
        is_removal: true,
        ..Action::default()
    };
    view! {
        <p class="status status-active">{icon(Icon::Check)} "On"</p>
        <p class="hint">"Signing in asks for a code beside the password. " {codes}</p>
        <div class="form-buttons">
            {action(new, move || step.set(Step::NewCodes))}
            {action(disable, move || step.set(Step::Disabling))}
        </div>
    }
    .into_any()
}
