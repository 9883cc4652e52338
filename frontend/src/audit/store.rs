//! The page of the log that is shown, and whether all of it is as it was written.

use keyward_api::audit::{AuditEntry, AuditVerification};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::audit::filter::LISTING;
use crate::hub::{Hub, hub};
use crate::load::Load;
use crate::once::effect;
use crate::pages::store::Pages;

/// The log as the page shows it.
#[derive(Clone, Copy)]
pub struct Audit {
    /// Which entries are shown.
    pub pages: Pages,
    /// The entries of the page, newest first.
    pub entries: RwSignal<Vec<AuditEntry>>,
    /// Whether it is known if the log is whole.
    pub check: Load,
    /// Whether it is.
    pub verified: RwSignal<Option<AuditVerification>>,
    hub: Hub,
}

impl Audit {
    /// A store that follows the address.
    pub fn load_from_server() -> Self {
        let entries = RwSignal::new(Vec::new());
        let audit = Self {
            pages: Pages::follow(&LISTING, entries, |entry: &AuditEntry| entry.seq.to_string()),
            entries,
            check: Load::new(),
            verified: RwSignal::new(None),
            hub: hub(),
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
        spawn_local(async move {
            let answer = self.hub.client.verify_audit().await;
            self.check.end(answer.map(|verified| drop(self.verified.try_set(Some(verified)))));
        });
    }
}
