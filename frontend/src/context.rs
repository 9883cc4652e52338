//! What every page may reach, as one context: each type of context is compiled, and
//! downloaded, for itself.

use keyward_api::Sensitive;
use keyward_api::session::Session;
use leptos::prelude::*;
use time::OffsetDateTime;

use crate::client::Client;
use crate::clock;
use crate::leave_guard::LeaveGuard;
use crate::location::Location;
use crate::one_time::OneTimeValues;
use crate::session_state::SessionState;
use crate::shortcuts::Shortcuts;
use crate::toasts::Toasts;

#[derive(Clone, Copy)]
pub struct Context {
    pub location: Location,
    pub client: Client,
    pub session: SessionState,
    pub one_time: OneTimeValues,
    pub guard: LeaveGuard,
    pub toasts: Toasts,
    pub shortcuts: Shortcuts,
    /// How many things need attention, as far as it is known.
    pub attention: RwSignal<usize>,
    /// The present, see [`clock::start`].
    pub now: RwSignal<OffsetDateTime>,
    /// Of the link that was opened: to set up, or of an invitation.
    pub link_token: RwSignal<Option<Sensitive>>,
}

impl Context {
    /// The token leaves the address before anything else reads that.
    pub fn provide(link_token: Option<Sensitive>) -> Self {
        let (location, session) = (Location::new(), SessionState::new());
        let one_time = OneTimeValues::new();
        let context = Self {
            location,
            client: Client { location, session, doubts: RwSignal::new(0) },
            session,
            one_time,
            guard: LeaveGuard::new(one_time),
            toasts: Toasts::new(),
            shortcuts: Shortcuts::listen(location, session),
            attention: RwSignal::new(0),
            now: clock::start(),
            link_token: RwSignal::new(link_token),
        };
        provide_context(context);
        context
    }

    /// A value that another person left in this window is not theirs to see.
    pub fn enter(self, session: Session) {
        self.one_time.keep_only_those_of(&session.user_id);
        self.session.enter(session);
    }
}

/// Call it where a component is made: later there is no owner with a context.
pub fn context() -> Context {
    expect_context()
}
