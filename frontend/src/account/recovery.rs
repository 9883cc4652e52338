//! Recovery codes, which are shown once.

use std::sync::Arc;

use keyward_api::Sensitive;
use keyward_api::account::RecoveryCodes;
use leptos::prelude::*;

use crate::account::store::Account;
use crate::components::copy::{CopyField, Text};
use crate::components::each::Each;
use crate::components::one_time_banner::{Banner, banner};
use crate::context::context;
use crate::erased::memo;
use crate::focus::focus_content;
use crate::one_time::{Kind, OneTimeValues};

const SENTENCE: &str =
    "Two-factor is on. Copy your recovery codes now; you won't be able to see them again.";

/// There is one set of them at a time.
const RECORD: &str = "recovery-codes";

const BANNER: Banner =
    Banner { label: "Recovery codes of", unfold: ["Show codes", "Hide codes"], fields };

pub fn show_codes(account: Account, codes: RecoveryCodes) {
    let lines: Vec<_> = codes.recovery_codes.iter().map(Sensitive::expose).collect();
    let (owner, email) = untrack(|| account.context.session.user())
        .map(|user| (user.user_id, user.email))
        .unwrap_or_default();
    let shown = (RECORD.to_owned(), email);
    let value = Sensitive::from(lines.join("\n"));
    account.context.one_time.add(Kind::RecoveryCodes, shown, value, SENTENCE, owner);
}

pub fn banners() -> AnyView {
    let one_time = context().one_time;
    let ids = memo(move || one_time.ids(Kind::RecoveryCodes));
    let draw = |id| banner(&BANNER, id, Callback::new(|()| focus_content()));
    view! { <Each ids draw/> }.into_any()
}

fn fields(one_time: OneTimeValues, id: StoredValue<String>, on_copied: Callback<()>) -> AnyView {
    let codes: Text = Arc::new(move || one_time.with_value(&id.read_value(), str::to_owned));
    // Unfolding it leaves the focus on the button that did.
    let focus = untrack(|| !one_time.is_copied(&id.read_value()));
    view! {
        <CopyField label="Recovery codes" button="Copy all" text=codes on_copied focus/>
        <p class="banner-hint">"Each signs you in once without the app. Keep them apart from it, like a password."</p>
    }
    .into_any()
}
