//! Who is signed in, as far as the page knows. The server decides.

use keyward_api::session::Session;
use leptos::prelude::*;

use crate::keys::new_keys::NewKeys;

/// The person at the page.
#[derive(Clone, Copy)]
pub struct SessionState {
    user: RwSignal<Option<Session>>,
}

impl SessionState {
    /// Not known yet.
    pub fn new() -> Self {
        Self { user: RwSignal::new(None) }
    }

    /// The person, once the server has said who it is.
    pub fn user(self) -> Option<Session> {
        self.user.get()
    }

    /// Somebody signed in. A key that another person created in this window and did not
    /// dismiss is not theirs to see.
    pub fn enter(self, session: Session, new_keys: NewKeys) {
        new_keys.keep_only_those_of(&session.user_id);
        self.user.set(Some(session));
    }

    /// Nobody is signed in any more.
    pub fn leave(self) {
        self.user.set(None);
    }
}
