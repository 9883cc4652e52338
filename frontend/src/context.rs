//! What every page may reach, as one context: each type of context is compiled, and
//! downloaded, for itself.

use keyward_api::Sensitive;
use leptos::prelude::*;
use time::OffsetDateTime;

use crate::client::Client;
use crate::clock;
use crate::leave_guard::LeaveGuard;
use crate::location::Location;
use crate::session_state::SessionState;
use crate::toasts::Toasts;

#[derive(Clone, Copy)]
pub struct Context {
    pub location: Location,
    pub client: Client,
    pub session: SessionState,
    pub guard: LeaveGuard,
    pub toasts: Toasts,
    /// The present, see [`clock::start`].
    pub now: RwSignal<OffsetDateTime>,
    pub setup_token: RwSignal<Option<Sensitive>>,
}

impl Context {
    /// The token leaves the address before anything else reads that.
    pub fn provide(setup_token: Option<Sensitive>) -> Self {
        let (location, session) = (Location::new(), SessionState::new());
        let context = Self {
            location,
            client: Client { location, session },
            session,
            guard: LeaveGuard::new(),
            toasts: Toasts::new(),
            now: clock::start(),
            setup_token: RwSignal::new(setup_token),
        };
        provide_context(context);
        context
    }
}

/// Call it where a component is made: later there is no owner with a context.
pub fn context() -> Context {
    expect_context()
}
