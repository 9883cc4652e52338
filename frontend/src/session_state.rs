//! The person who is signed in, as far as the page knows. The server decides.

use keyward_api::roles::Role;
use keyward_api::session::Session;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct SessionState {
    user: RwSignal<Option<Session>>,
    /// Whether the server ended the last session, which the sign-in page says.
    pub has_ended: RwSignal<bool>,
}

impl SessionState {
    pub fn new() -> Self {
        Self { user: RwSignal::new(None), has_ended: RwSignal::new(false) }
    }

    pub fn user(self) -> Option<Session> {
        self.user.get()
    }

    /// None while nobody is known to be signed in.
    pub fn role(self) -> Option<Role> {
        self.user.read().as_ref().map(|user| user.role)
    }

    /// Whether the person may do what this role may.
    pub fn may(self, role: Role) -> bool {
        self.role().is_some_and(|own| own >= role)
    }

    pub fn enter(self, session: Session) {
        self.has_ended.set(false);
        self.user.set(Some(session));
    }

    /// The server knows the session no more.
    pub fn end(self) {
        if self.user.read_untracked().is_some() {
            self.has_ended.set(true);
        }
        self.leave();
    }

    pub fn leave(self) {
        self.user.set(None);
    }
}
