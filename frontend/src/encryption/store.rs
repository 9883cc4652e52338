//! The state of encryption as the page holds it.

use std::time::Duration;

use keyward_api::encryption::EncryptionStatus;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock;
use crate::context::{Context, context};
use crate::encryption::words;
use crate::load::Load;

const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub struct Encryption {
    pub load: Load,
    pub status: RwSignal<Option<EncryptionStatus>>,
    /// This page requested a rotation that is not answered yet.
    pub is_requested: RwSignal<bool>,
    pub result: RwSignal<String>,
    pub refusal: RwSignal<Option<String>>,
    /// A request for the state is under way or scheduled.
    is_followed: RwSignal<bool>,
    context: Context,
}

impl Encryption {
    /// Asks the server at once.
    pub fn load_from_server() -> Self {
        let encryption = Self {
            load: Load::new(),
            status: RwSignal::new(None),
            is_requested: RwSignal::new(false),
            result: RwSignal::new(String::new()),
            refusal: RwSignal::new(None),
            is_followed: RwSignal::new(false),
            context: context(),
        };
        encryption.follow();
        encryption
    }

    /// Of this page or of another.
    pub fn is_rotating(self) -> bool {
        self.is_requested.get()
            || self.status.read().as_ref().is_some_and(|it| it.rotation.is_some())
    }

    /// Asks for the state, every second while a rotation runs and the page is open.
    pub fn follow(self) {
        if self.is_followed.try_get_untracked() != Some(false) {
            return;
        }
        self.is_followed.set(true);
        self.load.begin();
        spawn_local(async move {
            match self.context.client.encryption().await {
                Ok(status) => {
                    self.context.now.set(clock::read());
                    drop(self.status.try_set(Some(status)));
                    self.load.end(Ok(()));
                }
                // A failure while a rotation runs is retried.
                Err(_) if self.is_requested.try_get_untracked() == Some(true) => {}
                Err(error) => self.load.end(Err(error)),
            }
            self.is_followed.try_set(false);
            if self.status.is_disposed() || !untrack(|| self.is_rotating()) {
                return;
            }
            set_timeout(move || self.follow(), LOOK_AGAIN);
        });
    }

    /// Rotates, and keeps the outcome.
    pub fn rotate(self) {
        self.result.set(String::new());
        self.refusal.set(None);
        self.is_requested.set(true);
        set_timeout(move || self.follow(), LOOK_AGAIN);
        spawn_local(async move {
            let answer = self.context.client.rotate().await;
            self.is_requested.try_set(false);
            match answer {
                Ok(done) => drop(self.result.try_set(words::result(&done))),
                Err(error) => drop(self.refusal.try_set(Some(error.full_message()))),
            }
            self.follow();
        });
    }
}
