//! The servers as the page holds them.

use std::time::Duration;

use keyward_api::replicas::{Replica, Replicas};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use time::OffsetDateTime;

use crate::clock;
use crate::context::{Context, context};
use crate::load::Load;
use crate::replicas::standing::{Lease, Standing};

const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(Clone, PartialEq)]
pub struct Server {
    pub replica: Replica,
    pub standing: Standing,
}

#[derive(Clone, Copy)]
pub struct Servers {
    pub load: Load,
    pub lease: RwSignal<Option<Lease>>,
    pub list: RwSignal<Vec<Server>>,
    /// Why what is shown is old; `None` when it is not.
    pub stale: RwSignal<Option<String>>,
    /// When the last answer came.
    pub answered_at: RwSignal<OffsetDateTime>,
    is_asking: StoredValue<bool>,
    pub context: Context,
}

impl Servers {
    /// Asks at once, and every two seconds while the page is in view.
    pub fn load_from_server() -> Self {
        let servers = Self {
            load: Load::new(),
            lease: RwSignal::new(None),
            list: RwSignal::new(Vec::new()),
            stale: RwSignal::new(None),
            answered_at: RwSignal::new(clock::read()),
            is_asking: StoredValue::new(false),
            context: context(),
        };
        servers.fetch();
        let timer = set_interval_with_handle(move || servers.look_again(), LOOK_AGAIN).ok();
        let shown = window_event_listener(ev::visibilitychange, move |_| servers.look_again());
        on_cleanup(move || {
            _ = timer.map(|timer| timer.clear());
            shown.remove();
        });
        servers
    }

    /// Not after a failure of the first request, which a person tries again.
    fn look_again(self) {
        if self.load.is_ready() && !document().hidden() {
            self.fetch();
        }
    }

    /// One request at a time.
    pub fn fetch(self) {
        if self.is_asking.try_get_value() != Some(false) {
            return;
        }
        self.is_asking.set_value(true);
        self.load.begin();
        spawn_local(async move {
            let answer = self.context.client.replicas().await;
            self.is_asking.try_set_value(false);
            // What is shown stays when it cannot be renewed. The page may be gone.
            let why = answer.as_ref().err().map(|error| error.message().to_owned());
            self.stale.try_set(why);
            if answer.is_err() && self.load.is_ready() {
                return;
            }
            self.load.end(answer.map(|answer| self.take(answer)));
        });
    }

    fn take(self, answer: Replicas) {
        let (now, lease) = (clock::read(), Lease::of(&answer));
        self.context.now.set(now);
        self.answered_at.try_set(now);
        self.lease.try_set(lease);
        self.list.try_update(|list| {
            let before = |id: &str| {
                list.iter().find(|server| server.replica.id == id).map(|server| server.standing)
            };
            let server = |replica: Replica| {
                let standing = Standing::of(&replica, lease, now, before(&replica.id));
                Server { replica, standing }
            };
            *list = answer.servers.into_iter().map(server).collect();
        });
    }

    /// A row that is about to go may read a server that is gone.
    pub fn get(self, id: &str) -> Option<Server> {
        self.list.read().iter().find(|server| server.replica.id == id).cloned()
    }
}
