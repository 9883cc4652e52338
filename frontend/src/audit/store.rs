//! The page of the log that is shown, and whether all of it is as it was written.

use std::time::Duration;

use keyward_api::audit::AuditEntry;
use keyward_api::paths;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::audit::filter::LISTING;
use crate::audit::verification::Verified;
use crate::context::{Context, context};
use crate::erased::effect;
use crate::http::unreadable;
use crate::load::Load;
use crate::pages::store::Pages;
use crate::text::grouped;

/// How often a check that runs is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The log as the page shows it.
#[derive(Clone, Copy)]
pub struct Audit {
    /// Which entries are shown.
    pub pages: Pages,
    /// The entries of the page, newest first.
    pub entries: RwSignal<Vec<AuditEntry>>,
    /// Whether it is known if the log is whole.
    pub check: Load,
    /// How far that is.
    pub progress: RwSignal<String>,
    /// Whether it is.
    pub verified: RwSignal<Option<Verified>>,
    context: Context,
}

impl Audit {
    /// A store that follows the address.
    pub fn load_from_server() -> Self {
        let entries = RwSignal::new(Vec::new());
        let audit = Self {
            pages: Pages::follow(&LISTING, entries, |entry: &AuditEntry| entry.seq.to_string()),
            entries,
            check: Load::new(),
            progress: RwSignal::new(String::new()),
            verified: RwSignal::new(None),
            context: context(),
        };
        audit.verify();
        // What failed along with the entries is asked for along with them again.
        effect(move || {
            audit.pages.total.track();
            if untrack(|| audit.check.failure()).is_some() {
                audit.verify();
            }
        });
        audit
    }

    /// Asks for the same page again, and whether the log is whole.
    pub fn reload(self) {
        spawn_local(self.pages.fetch());
        self.verify();
    }

    /// Asks whether the log is as it was written.
    pub fn verify(self) {
        self.check.begin();
        self.look();
        spawn_local(async move {
            let answer = self.context.client.audit(paths::AUDIT_VERIFY).await;
            let verified = answer.and_then(|body| Verified::read(&body).ok_or_else(unreadable));
            self.check.end(verified.map(|verified| drop(self.verified.try_set(Some(verified)))));
        });
    }

    /// Looks how far the check is, and again as long as it runs and the page is open.
    fn look(self) {
        let look = move || {
            if self.check.is_ready() {
                return;
            }
            spawn_local(async move {
                let Ok(body) = self.context.client.audit(paths::AUDIT_VERIFY_PROGRESS).await else {
                    return;
                };
                let running = body.json.member("data").member("running");
                let Ok(checked) = running.member("checked").number() else { return };
                let text = grouped(checked);
                if self.progress.try_set(text).is_none() {
                    self.look();
                }
            });
        };
        set_timeout(look, LOOK_AGAIN);
    }
}
