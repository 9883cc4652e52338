//! `/invitation`: stands alone, for somebody who has no account yet.

use keyward_api::Sensitive;
use keyward_api::session::SetupStatus;
use keyward_api::users::CheckedInvitation;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::ClientError;
use crate::components::card_page::CardPage;
use crate::components::field::{Input, TextField, Typed};
use crate::components::problem::FormError;
use crate::context::context;
use crate::erased::{effect, live};
use crate::invitation::accept::accept;
use crate::session::link_token;

const LINK: Input = Input {
    html_type: "text",
    name: "invitation",
    autocomplete: "off",
    placeholder: "",
    hint: "Paste the whole link that you were given.",
};

/// What is known of the invitation.
#[derive(Clone)]
enum State {
    Checking,
    /// No link, or one that is not valid.
    Asking,
    Valid(CheckedInvitation, SetupStatus),
}

#[component]
pub fn InvitationPage() -> impl IntoView {
    let context = context();
    let (client, token) = (context.client, context.link_token);
    link_token::follow(token);
    let state = RwSignal::new(State::Asking);
    let error = RwSignal::new(None);
    let refuse = Callback::new(move |refusal: ClientError| {
        token.try_set(None);
        error.try_set(Some(refusal.message().to_owned()));
        state.try_set(State::Asking);
    });
    let check = move |token: Sensitive| {
        error.set(None);
        state.set(State::Checking);
        spawn_local(async move {
            let checked = match client.check_invitation(token).await {
                Ok(checked) => client.setup_status().await.map(|ways| (checked, ways)),
                Err(refusal) => Err(refusal),
            };
            match checked {
                Ok((checked, ways)) => drop(state.try_set(State::Valid(checked, ways))),
                Err(refusal) => refuse.run(refusal),
            }
        });
    };
    effect(move || {
        if let Some(token) = token.get() {
            check(token);
        }
    });
    let body = live(move || match state.get() {
        State::Checking => {
            view! { <div class="skeleton skeleton-form" aria-label="Loading"></div> }.into_any()
        }
        State::Asking => asking(token, error),
        State::Valid(checked, ways) => accept(checked, ways, token, refuse),
    });
    view! { <CardPage title="Invitation">{body}</CardPage> }
}

fn asking(token: RwSignal<Option<Sensitive>>, error: RwSignal<Option<String>>) -> AnyView {
    let link = Typed::of(String::new());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let text = link.text.get_untracked();
        let found = link_token::of(&text);
        let is_blank = found.is_empty();
        link.error.set(is_blank.then(|| "The link is required".to_owned()));
        if !is_blank {
            token.set(Some(found.to_owned().into()));
        }
    };
    view! {
        <p class="lead">"Somebody who administers this server invited you? Open the link of the invitation, or paste it here."</p>
        <form novalidate on:submit=submit>
            <FormError error/>
            <TextField label="Invitation link" input=LINK value=link.text error=link.error/>
            <button class="button button-primary button-wide">"Continue"</button>
        </form>
    }
    .into_any()
}
