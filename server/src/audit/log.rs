//! The log as the rest of the server holds it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use futures_util::future::BoxFuture;
use sea_orm::{DatabaseTransaction, DbErr};

use super::chain::{AuditKey, Broken};
use super::event::Event;
use super::store;
use crate::background::in_time;
use crate::batch::Batch;
use crate::clock::Clock;
use crate::database::{DatabaseConnection, begin_write};

/// Appends entries and checks them. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog(Arc<Inner>);

struct Inner {
    key: AuditKey,
    clock: Clock,
    /// The number of the newest entry that this process has seen stored.
    newest: AtomicI64,
    batch: Batch<Event, Result<(), DbErr>>,
}

impl AuditLog {
    /// The log whose macs are made with `key`.
    pub fn new(key: AuditKey, clock: Clock) -> Self {
        let (newest, batch) = (AtomicI64::new(0), Batch::default());
        Self(Arc::new(Inner { key, clock, newest, batch }))
    }

    /// Records `event` in the transaction of what it is about, as its last statement.
    pub async fn append(
        &self,
        transaction: &DatabaseTransaction,
        event: Event,
    ) -> Result<(), DbErr> {
        self.append_all(transaction, vec![event]).await
    }

    /// Records `event` for what changes nothing, such as a read. When this returns, it is on
    /// the disk. Whoever comes while another one records shares the next transaction.
    pub async fn record(&self, db: &DatabaseConnection, event: Event) -> Result<(), DbErr> {
        let (this, db) = (self.clone(), db.clone());
        let record = move |events: Vec<Event>| -> BoxFuture<'static, Vec<Result<(), DbErr>>> {
            let (this, db, number) = (this.clone(), db.clone(), events.len());
            Box::pin(async move { vec![in_time(this.record_all(&db, events)).await; number] })
        };
        let stopped = || Err(DbErr::Custom("the audit event was not recorded".to_owned()));
        self.0.batch.run(event, record).await.unwrap_or_else(stopped)
    }

    /// Records `events` in one transaction.
    pub async fn record_all(
        &self,
        db: &DatabaseConnection,
        events: Vec<Event>,
    ) -> Result<(), DbErr> {
        let transaction = begin_write(db).await?;
        self.append_all(&transaction, events).await?;
        transaction.commit().await
    }

    async fn append_all(
        &self,
        transaction: &DatabaseTransaction,
        events: Vec<Event>,
    ) -> Result<(), DbErr> {
        let Inner { key, clock, newest, .. } = &*self.0;
        store::append(transaction, key, newest, events, clock.now()).await
    }

    /// How many entries are as they were written, and the first that is not.
    pub async fn verify(&self, db: &DatabaseConnection) -> Result<(i64, Option<Broken>), DbErr> {
        store::verify(db, &self.0.key, &self.0.newest).await
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditLog([redacted])")
    }
}
