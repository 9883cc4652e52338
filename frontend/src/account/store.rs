//! Who is signed in. Each section asks again after its change, for the sessions too.

use keyward_api::account::UserSession;
use keyward_api::session::{Session, SetupStatus};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::client::Client;
use crate::clock;
use crate::context::{Context, context};
use crate::erased::memo;
use crate::load::Load;

/// What is done about two-factor at present.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Rest,
    SettingUp,
    /// A dialog asks for the password.
    Disabling,
    NewCodes,
}

#[derive(Clone, Copy)]
pub struct Account {
    pub context: Context,
    pub sessions: RwSignal<Vec<UserSession>>,
    pub sessions_load: Load,
    /// How people can sign in here, once it is known.
    pub ways: RwSignal<Option<SetupStatus>>,
}

impl Account {
    pub fn load_from_server() -> Self {
        let account = Self {
            context: context(),
            sessions: RwSignal::new(Vec::new()),
            sessions_load: Load::new(),
            ways: RwSignal::new(None),
        };
        // What the page knows may be older than a change in another window.
        account.renew();
        spawn_local(async move {
            if let Ok(ways) = account.client().setup_status().await {
                account.ways.try_set(Some(ways));
            }
        });
        account
    }

    pub fn client(self) -> Client {
        self.context.client
    }

    /// Asks who is signed in, and where.
    pub fn renew(self) {
        spawn_local(async move {
            if let Ok(session) = self.client().session().await {
                self.context.enter(session);
            }
        });
        self.load_sessions();
    }

    pub fn load_sessions(self) {
        self.sessions_load.begin();
        spawn_local(async move {
            let answer = self.client().sessions().await;
            self.context.now.set(clock::read());
            self.sessions_load.end(answer.map(|all| _ = self.sessions.try_set(all)));
        });
    }

    /// A part of the session, the default when there is none.
    pub fn part<T>(self, part: fn(&Session) -> T) -> Memo<T>
    where
        T: Default + PartialEq + Send + Sync + 'static,
    {
        let session = self.context.session;
        memo(move || session.user().as_ref().map(part).unwrap_or_default())
    }
}
