//! The person who is signed in, as far as the page knows. The server decides.

use keyward_api::session::Session;
use leptos::prelude::*;

#[derive(Clone, Copy)]
pub struct SessionState {
    user: RwSignal<Option<Session>>,
}

impl SessionState {
    pub fn new() -> Self {
        Self { user: RwSignal::new(None) }
    }

    pub fn user(self) -> Option<Session> {
        self.user.get()
    }

    pub fn enter(self, session: Session) {
        self.user.set(Some(session));
    }

    pub fn leave(self) {
        self.user.set(None);
    }
}
