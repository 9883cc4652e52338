//! What every page may reach, as one context: each type of context is compiled, and
//! downloaded, for itself.

use leptos::prelude::*;
use time::OffsetDateTime;

use crate::client::Client;
use crate::clock;
use crate::components::toast::Toasts;
use crate::keys::leave::LeaveGuard;
use crate::keys::new_keys::NewKeys;
use crate::place::Place;
use crate::session::state::SessionState;
use crate::session::token::SetupToken;

/// What the pages share.
#[derive(Clone, Copy)]
pub struct Hub {
    /// The address of the window.
    pub place: Place,
    /// The way to the server.
    pub client: Client,
    /// Who is signed in.
    pub session: SessionState,
    /// Keys that were shown and not dismissed.
    pub new_keys: NewKeys,
    /// The question before such a key is left behind.
    pub guard: LeaveGuard,
    /// Short messages.
    pub toasts: Toasts,
    /// The present, which moves on by itself.
    pub now: RwSignal<OffsetDateTime>,
    /// The token of the first start.
    pub token: SetupToken,
}

impl Hub {
    /// Makes all of it, and provides it to what is drawn from here on.
    pub fn provide() -> Self {
        // Before anything else reads the address, so that nothing ever holds the token.
        let token = SetupToken::take();
        let (place, session, new_keys) = (Place::new(), SessionState::new(), NewKeys::new());
        let hub = Self {
            place,
            client: Client { place, session },
            session,
            new_keys,
            guard: LeaveGuard::new(new_keys),
            toasts: Toasts::new(),
            now: clock::start(),
            token,
        };
        provide_context(hub);
        hub
    }
}

/// The hub. To be called where a component is made.
pub fn hub() -> Hub {
    expect_context()
}
