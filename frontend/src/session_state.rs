//! The person who is signed in, as far as the page knows. The server decides.

use keyward_api::session::Session;
use leptos::prelude::*;
use uuid::Uuid;

#[derive(Clone, Copy)]
pub struct SessionState {
    user: RwSignal<Option<Session>>,
    on_enter: StoredValue<Option<Callback<Uuid>>>,
}

impl SessionState {
    pub fn new() -> Self {
        Self { user: RwSignal::new(None), on_enter: StoredValue::new(None) }
    }

    pub fn user(self) -> Option<Session> {
        self.user.get()
    }

    /// Runs with the id of each person who signs in, before the page shows them anything.
    pub fn on_enter(self, run: impl Fn(Uuid) + Send + Sync + 'static) {
        self.on_enter.set_value(Some(Callback::new(run)));
    }

    pub fn enter(self, session: Session) {
        if let Some(on_enter) = self.on_enter.get_value() {
            on_enter.run(session.user_id);
        }
        self.user.set(Some(session));
    }

    pub fn leave(self) {
        self.user.set(None);
    }
}
