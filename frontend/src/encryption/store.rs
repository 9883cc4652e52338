//! The state of encryption as the page holds it.

use std::time::Duration;

use keyward_api::encryption::EncryptionStatus;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock;
use crate::context::{Context, context};
use crate::encryption::words;
use crate::load::Load;

/// How often a rotation that runs is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The state of encryption.
#[derive(Clone, Copy)]
pub struct Encryption {
    /// Whether it is known.
    pub load: Load,
    /// What the server answered last.
    pub status: RwSignal<Option<EncryptionStatus>>,
    /// A rotation that was asked for here, and is not answered yet.
    pub is_asked: RwSignal<bool>,
    /// What a rotation has done.
    pub result: RwSignal<String>,
    /// Why a rotation was refused.
    pub refusal: RwSignal<Option<String>>,
    /// A look at it is under way, or will be.
    is_followed: RwSignal<bool>,
    context: Context,
}

impl Encryption {
    /// A store that has asked the server.
    pub fn load_from_server() -> Self {
        let encryption = Self {
            load: Load::new(),
            status: RwSignal::new(None),
            is_asked: RwSignal::new(false),
            result: RwSignal::new(String::new()),
            refusal: RwSignal::new(None),
            is_followed: RwSignal::new(false),
            context: context(),
        };
        encryption.follow();
        encryption
    }

    /// Whether a rotation runs, whoever asked for it.
    pub fn is_rotating(self) -> bool {
        self.is_asked.get() || self.status.read().as_ref().is_some_and(|it| it.rotation.is_some())
    }

    /// Asks for the state, and again as long as a rotation runs and the page is open.
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
                // A look that fails while a rotation runs is made again.
                Err(_) if self.is_asked.try_get_untracked() == Some(true) => {}
                Err(error) => self.load.end(Err(error)),
            }
            self.is_followed.try_set(false);
            if self.status.is_disposed() || !untrack(|| self.is_rotating()) {
                return;
            }
            set_timeout(move || self.follow(), LOOK_AGAIN);
        });
    }

    /// Rotates, and says what came of it.
    pub fn rotate(self) {
        self.result.set(String::new());
        self.refusal.set(None);
        self.is_asked.set(true);
        set_timeout(move || self.follow(), LOOK_AGAIN);
        spawn_local(async move {
            let answer = self.context.client.rotate().await;
            self.is_asked.try_set(false);
            match answer {
                Ok(done) => drop(self.result.try_set(words::result(&done))),
                Err(error) => drop(self.refusal.try_set(Some(error.full_message()))),
            }
            self.follow();
        });
    }
}
