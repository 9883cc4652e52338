//! The log as the rest of the server holds it.

use std::sync::Arc;

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};

use super::chain::{AuditKey, Broken};
use super::event::Event;
use super::store;
use crate::clock::Clock;
use crate::database::begin_write;

/// Appends entries and checks them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuditLog {
    key: Arc<AuditKey>,
    clock: Clock,
}

impl AuditLog {
    /// The log whose macs are made with `key`.
    pub fn new(key: AuditKey, clock: Clock) -> Self {
        Self { key: Arc::new(key), clock }
    }

    /// Records `event` in the transaction of what it is about, as its last statement.
    pub async fn append(
        &self,
        transaction: &DatabaseTransaction,
        event: Event,
    ) -> Result<(), DbErr> {
        store::append(transaction, &self.key, event, self.clock.now()).await
    }

    /// Records `event` in a transaction of its own: for what changes nothing.
    pub async fn record(&self, db: &DatabaseConnection, event: Event) -> Result<(), DbErr> {
        let transaction = begin_write(db).await?;
        self.append(&transaction, event).await?;
        transaction.commit().await
    }

    /// How many entries are as they were written, and the first that is not.
    pub async fn verify(&self, db: &DatabaseConnection) -> Result<(i64, Option<Broken>), DbErr> {
        store::verify(db, &self.key).await
    }
}
