//! The banners of new invitations.

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::copy::{CopyField, Text};
use crate::components::each::Each;
use crate::components::one_time_banner::{Banner, banner};
use crate::context::context;
use crate::erased::memo;
use crate::focus::move_focus;
use crate::one_time::{Kind, OneTimeValues};
use crate::users::store::Users;

const BANNER: Banner =
    Banner { label: "Invitation of", unfold: ["Show link", "Hide link"], fields };

pub fn banners() -> AnyView {
    let one_time = context().one_time;
    let ids = memo(move || one_time.ids(Kind::Invitation));
    let draw = |id| {
        let users: Users = expect_context();
        banner(&BANNER, id, Callback::new(move |()| move_focus(None, users.add_button)))
    };
    view! { <Each ids draw/> }.into_any()
}

fn fields(one_time: OneTimeValues, id: StoredValue<String>, on_copied: Callback<()>) -> AnyView {
    let link: Text = Arc::new(move || one_time.with_value(&id.read_value(), str::to_owned));
    // Unfolding it leaves the focus on the button that did.
    let focus = untrack(|| !one_time.is_copied(&id.read_value()));
    view! {
        <CopyField label="Invitation link" button="Copy link" text=link on_copied focus/>
        <p class="banner-hint">"Give it to this person in a way you trust. It works once, for 72 hours."</p>
    }
    .into_any()
}
