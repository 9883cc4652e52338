//! The page of the log that is shown, and whether all of it is as it was written.

use std::time::Duration;

use keyward_api::audit::AuditEntry;
use keyward_api::paths;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::audit::listing::LISTING;
use crate::audit::verification::Verified;
use crate::context::{Context, context};
use crate::erased::effect;
use crate::http::unreadable;
use crate::lists::store::Pages;
use crate::load::Load;
use crate::text::grouped;

/// How often the progress of a verification is read.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The log as the page shows it.
#[derive(Clone, Copy)]
pub struct Audit {
    pub pages: Pages,
    /// Newest first.
    pub entries: RwSignal<Vec<AuditEntry>>,
    pub check: Load,
    pub progress: RwSignal<String>,
    pub verified: RwSignal<Option<Verified>>,
    context: Context,
}

impl Audit {
    /// Follows the address.
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
        // A verification that failed is repeated when the entries are fetched again.
        effect(move || {
            audit.pages.total.track();
            if untrack(|| audit.check.failure()).is_some() {
                audit.verify();
            }
        });
        audit
    }

    /// Fetches the entries again, and verifies.
    pub fn reload(self) {
        spawn_local(self.pages.fetch());
        self.verify();
    }

    /// Asks the server whether the chain is intact.
    pub fn verify(self) {
        self.check.begin();
        self.look();
        spawn_local(async move {
            let answer = self.context.client.audit(paths::AUDIT_VERIFY).await;
            let verified = answer.and_then(|body| Verified::read(&body).ok_or_else(unreadable));
            self.check.end(verified.map(|verified| drop(self.verified.try_set(Some(verified)))));
        });
    }

    /// Reads the progress, every second while the verification runs and the page is open.
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
