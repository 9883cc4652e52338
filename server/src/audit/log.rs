//! The log as the rest of the server holds it.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};
use tokio::sync::oneshot;

use super::chain::{AuditKey, Broken};
use super::event::Event;
use super::store;
use crate::background::in_time;
use crate::clock::Clock;
use crate::database::begin_write;

/// Events of one transaction.
const BATCH: usize = 256;

/// Appends entries and checks them. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog(Arc<Inner>);

struct Inner {
    key: AuditKey,
    clock: Clock,
    /// The number of the newest entry that this process has seen stored.
    newest: AtomicI64,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

/// An event that waits to be recorded, and who waits for that.
struct Waiting {
    event: Event,
    done: oneshot::Sender<Result<(), DbErr>>,
}

impl AuditLog {
    /// The log whose macs are made with `key`.
    pub fn new(key: AuditKey, clock: Clock) -> Self {
        let (waiting, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        let newest = AtomicI64::new(0);
        Self(Arc::new(Inner { key, clock, newest, waiting, turn }))
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
        let (done, recorded) = oneshot::channel();
        self.waiting().push(Waiting { event, done });
        // A task of its own: others may wait for what it records, even if this caller leaves.
        let (this, db) = (self.clone(), db.clone());
        tokio::spawn(async move { this.record_waiting(&db).await });
        let stopped = |_| Err(DbErr::Custom("the audit event was not recorded".to_owned()));
        recorded.await.unwrap_or_else(stopped)
    }

    async fn record_waiting(&self, db: &DatabaseConnection) {
        let _turn = self.0.turn.lock().await;
        let batch: Vec<Waiting> = {
            let mut waiting = self.waiting();
            let number = waiting.len().min(BATCH);
            waiting.drain(..number).collect()
        };
        if batch.is_empty() {
            return;
        }
        let (events, done): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.event, waiting.done)).unzip();
        let recorded = in_time(self.record_all(db, events)).await;
        for done in done {
            // Who no longer waits has left.
            let _ = done.send(recorded.clone());
        }
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

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditLog([redacted])")
    }
}
