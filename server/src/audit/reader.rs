//! The log, for those who may read it.

use std::sync::Arc;

use keyward_core::row::RowKey;

use super::breaks::Verification;
use super::entity::log;
use super::event::Actor;
use super::filter::AuditFilter;
use super::log::AuditLog;
use super::reading::Reading;
use super::store;
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};

/// The log, for those who may read it. Cheap to clone.
#[derive(Clone)]
pub struct Reader(Arc<Inner>);

struct Inner {
    log: AuditLog,
    db: DatabaseConnection,
    rows: RowKey,
    clock: Clock,
    reading: Reading,
}

/// A part of the log, newest first.
pub struct Entries {
    pub entries: Vec<log::Model>,
    pub has_more: bool,
    /// How many there are, when there is no filter: counting would read the whole log.
    pub total: Option<u64>,
}

impl Reader {
    /// The log in `db`.
    pub fn new(log: AuditLog, db: DatabaseConnection, rows: RowKey, clock: Clock) -> Self {
        Self(Arc::new(Inner { log, db, rows, clock, reading: Reading::default() }))
    }

    /// At most `limit` entries before the one with the number `before`. That `actor` reads is
    /// recorded, after it was read, so that nobody sees their own reading.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        before: i64,
        limit: u64,
    ) -> Result<Entries, StoreError> {
        let Inner { log, db, clock, reading, .. } = &*self.0;
        // One more tells whether there is a next part.
        let mut entries = store::list(db, filter, before, limit + 1).await?;
        let has_more = entries.len() as u64 > limit;
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let total =
            if *filter == AuditFilter::default() { Some(store::number(db).await?) } else { None };
        reading.record(log, db, actor, clock.monotonic()).await?;
        Ok(Entries { entries, has_more, total })
    }

    pub async fn verify(&self) -> Result<Verification, StoreError> {
        Ok(self.0.log.verify(&self.0.db).await?)
    }

    pub fn log(&self) -> (&AuditLog, &DatabaseConnection) {
        (&self.0.log, &self.0.db)
    }

    pub(super) fn rows(&self) -> &RowKey {
        &self.0.rows
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
