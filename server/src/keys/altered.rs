//! What was changed outside of Keyward is reported: in the log, in the audit log, once each time it
//! is found, and by `/readyz` and a metric for as long as it is so.

use std::collections::BTreeSet;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keyward_api::keys::ApiKey;
use keyward_core::set::{SetName, SetState};

use crate::audit::{Action, Actor, AuditLog, Event};
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError};

/// So many rows are recorded by name; more of them as a number.
const NAMED: usize = 8;

/// A set that did not add up is added up again after this time, or as soon as Keyward changes it.
const AGAIN: Duration = Duration::from_secs(30);

#[derive(Default)]
pub struct Watch {
    is_set: AtomicBool,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    /// Whether that the set does not hold is recorded.
    is_recorded: bool,
    recorded: BTreeSet<String>,
    /// Ids and names of those that are to be.
    rows: Vec<(String, String)>,
    /// A set that did not add up, and when that was found.
    failed: Option<(SetState, Duration)>,
}

impl Watch {
    /// Whether the set does not hold.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Remembers a row whose mac is not ours.
    pub(super) fn saw(&self, record: &ApiKey) {
        let mut found = self.lock();
        let (id, name) = (record.id.clone(), record.name.clone());
        if !found.recorded.contains(&id) && found.rows.iter().all(|(known, _)| *known != id) {
            found.rows.push((id, name));
        }
    }

    /// The row is as Keyward wrote it, or gone.
    pub(super) fn forget(&self, id: &str) {
        self.lock().recorded.remove(id);
    }

    /// Whether this set need not be added up again at `now`.
    pub(super) fn has_failed(&self, set: &SetState, now: Duration) -> bool {
        self.lock().failed.is_some_and(|(failed, at)| failed == *set && now < at + AGAIN)
    }

    pub(super) fn failed(&self, set: SetState, now: Duration) {
        self.lock().failed = Some((set, now));
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Reports what was found when the stored keys were looked at.
    pub(super) async fn report(
        &self,
        looked: Result<(), SetName>,
        audit: &AuditLog,
        db: &DatabaseConnection,
    ) -> Result<(), StoreError> {
        let was_set = self.is_set.swap(looked.is_err(), Ordering::Relaxed);
        match looked {
            Err(name) if !was_set => {
                let error = StoreError::Altered(name);
                tracing::error!(%error, "the keys stay as they were last known to be good");
            }
            Ok(()) if was_set => tracing::info!("the stored API keys add up again"),
            _ => (),
        }
        let events = {
            let mut found = self.lock();
            if looked.is_ok() {
                (found.is_recorded, found.failed) = (false, None);
            }
            let set = looked.err().filter(|_| !found.is_recorded);
            let set = set.map(|name| altered(name.rows()));
            set.into_iter().chain(altered_rows(&found.rows)).collect::<Vec<_>>()
        };
        if events.is_empty() {
            return Ok(());
        }
        with_timeout(audit.record_all(db, events)).await?;
        let mut found = self.lock();
        found.is_recorded = looked.is_err();
        let rows = take(&mut found.rows);
        found.recorded.extend(rows.into_iter().map(|(id, _)| id));
        Ok(())
    }
}

fn altered(what: impl Into<String>) -> Event {
    Actor::system().did(Action::StoreAltered, Some(what.into()))
}

fn altered_rows(rows: &[(String, String)]) -> Vec<Event> {
    if rows.len() > NAMED {
        return vec![altered(format!("{} API keys", rows.len()))];
    }
    rows.iter().map(|(_, name)| altered(format!("the API key {name}"))).collect()
}
