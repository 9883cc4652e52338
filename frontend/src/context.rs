//! What every page may reach, as one context: each type of context is compiled, and
//! downloaded, for itself.

use leptos::prelude::*;
use time::OffsetDateTime;

use crate::client::Client;
use crate::clock;
use crate::components::toast::Toasts;
use crate::keys::leave::LeaveGuard;
use crate::keys::new_keys::NewKeys;
use crate::location::Location;
use crate::session::state::SessionState;
use crate::session::token::SetupToken;

/// What the pages share.
#[derive(Clone, Copy)]
pub struct Context {
    /// The address of the window.
    pub location: Location,
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

impl Context {
    /// Makes all of it, and provides it to what is drawn from here on.
    pub fn provide() -> Self {
        // Before anything else reads the address, so that nothing ever holds the token.
        let token = SetupToken::take();
        let (location, session, new_keys) = (Location::new(), SessionState::new(), NewKeys::new());
        let context = Self {
            location,
            client: Client { location, session },
            session,
            new_keys,
            guard: LeaveGuard::new(new_keys),
            toasts: Toasts::new(),
            now: clock::start(),
            token,
        };
        provide_context(context);
        context
    }
}

/// The context. To be called where a component is made.
pub fn context() -> Context {
    expect_context()
}
