//! Who read the log: one entry for each reader and minute, so that paging does not flood it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use keyward_api::audit::Action;

use super::event::Actor;
use super::log::AuditLog;
use crate::database::{DatabaseConnection, StoreError};

const SPAN: Duration = Duration::from_mins(1);

/// When each reader was recorded, by kind and id. Readers are people and keys that may, so
/// there are not many in a minute.
#[derive(Debug, Default)]
pub struct Reading(Mutex<HashMap<Reader, Duration>>);

type Reader = (&'static str, Option<String>);

impl Reading {
    /// Records that `actor` reads, unless that was recorded within the last minute.
    pub async fn record(
        &self,
        log: &AuditLog,
        db: &DatabaseConnection,
        actor: &Actor,
        now: Duration,
    ) -> Result<(), StoreError> {
        let reader = (actor.kind.as_str(), actor.id.clone());
        if !self.is_first(reader.clone(), now) {
            return Ok(());
        }
        let recorded = log.record(db, actor.did(Action::AuditRead, None)).await;
        if recorded.is_err() {
            self.lock().remove(&reader);
        }
        recorded
    }

    fn is_first(&self, reader: Reader, now: Duration) -> bool {
        let mut readers = self.lock();
        readers.retain(|_, at| now.saturating_sub(*at) < SPAN);
        if readers.contains_key(&reader) {
            return false;
        }
        readers.insert(reader, now);
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Reader, Duration>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_is_recorded_once_a_minute_no_matter_who_reads_beside() {
        let (reading, ada) = (Reading::default(), ("user", Some("ada".to_owned())));
        let at = Duration::from_secs;
        assert!(reading.is_first(ada.clone(), at(0)));
        assert!(!reading.is_first(ada.clone(), at(59)));
        assert!(reading.is_first(("key", Some("ada".to_owned())), at(59)));
        assert!(reading.is_first(ada, at(60)));
        assert_eq!(reading.lock().len(), 2, "those of earlier minutes are forgotten");
    }
}
