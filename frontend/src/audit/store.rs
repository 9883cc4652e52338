//! The part of the log that is shown, and whether all of it is as it was written.

use keyward_api::audit::{AuditEntry, AuditVerification};
use leptos::prelude::*;
use leptos::task::spawn_local;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::audit::filter::{FIELDS, Filter};
use crate::clock;
use crate::hub::{Hub, hub};
use crate::load::Load;
use crate::once::{effect, memo};
use crate::routes;

/// As many entries as one part has.
const LIMIT: &str = "50";

/// The log as the page shows it.
#[derive(Clone, Copy)]
pub struct Audit {
    /// Whether the part is here.
    pub load: Load,
    /// The entries of the part, newest first.
    pub entries: RwSignal<Vec<AuditEntry>>,
    /// Whether they were looked for by a filter or from a place of the log on.
    pub is_part: RwSignal<bool>,
    /// Where the next part begins; empty at the end.
    pub older: RwSignal<String>,
    /// Where this part begins; empty for the newest.
    pub cursor: Memo<String>,
    /// Whether it is known if the log is whole.
    pub check: Load,
    /// Whether it is.
    pub verified: RwSignal<Option<AuditVerification>>,
    fields: [Memo<String>; 6],
    /// The query that was sent last: the answer to an earlier one is of no use any more.
    sent: RwSignal<String>,
    hub: Hub,
}

impl Audit {
    /// A store that follows the address.
    pub fn load_from_server() -> Self {
        let audit = Self {
            load: Load::new(),
            entries: RwSignal::new(Vec::new()),
            is_part: RwSignal::new(false),
            older: RwSignal::new(String::new()),
            cursor: routes::query_value("cursor"),
            check: Load::new(),
            verified: RwSignal::new(None),
            fields: FIELDS.map(routes::query_value),
            sent: RwSignal::new(String::new()),
            hub: hub(),
        };
        let query = memo(move || audit.query());
        effect(move || audit.fetch(query.get()));
        audit.verify();
        audit
    }

    /// What the person looks for.
    pub fn filter(self) -> Filter {
        Filter(self.fields.map(|field| field.get()))
    }

    /// One field of it.
    pub fn field(self, field: usize) -> String {
        self.fields.get(field).map(|text| text.get()).unwrap_or_default()
    }

    /// Where the whole log under this filter can be downloaded.
    pub fn export(self) -> String {
        self.filter().query("/api/admin/audit/export", &[], start_of)
    }

    /// Asks for the same part again, and whether the log is whole.
    pub fn reload(self) {
        self.fetch(untrack(|| self.query()));
        self.verify();
    }

    fn query(self) -> String {
        let cursor = self.cursor.get();
        self.filter().query("", &[("limit", LIMIT), ("cursor", &cursor)], start_of)
    }

    fn fetch(self, query: String) {
        let is_part = untrack(|| !self.filter().is_empty() || !self.cursor.read().is_empty());
        self.sent.set(query.clone());
        self.load.begin();
        spawn_local(async move {
            let answer = self.hub.client.audit(&query).await;
            if self.sent.try_get_untracked() != Some(query) {
                return;
            }
            self.load.end(answer.map(|page| {
                self.hub.now.set(clock::read());
                self.is_part.set(is_part);
                self.older.set(page.next_cursor.unwrap_or_default());
                self.entries.set(page.data);
            }));
        });
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

/// The first instant of a day where the person is.
fn start_of(day: Date) -> OffsetDateTime {
    let start = day.midnight().assume_utc();
    // The offset of the place at about that time: wrong only in a night of summer time.
    start.replace_offset(clock::local(start).offset()).to_offset(UtcOffset::UTC)
}
