//! Breaks that somebody knows of: later ones are reported all the same.

use sea_orm::DbErr;

use super::about_log::{self, Because};
use super::event::{Actor, Event};
use super::log::AuditLog;
use crate::database::{DatabaseConnection, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum AcknowledgeError {
    #[error("the log has no break at entry {0} that is not acknowledged")]
    NoBreak(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DbErr> for AcknowledgeError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl AuditLog {
    /// Records that the breaks at this number are known. A head that is wrong is first reported by
    /// an entry of its own, which has the number under which the check tells the head.
    pub async fn acknowledge(
        &self,
        db: &DatabaseConnection,
        actor: &Actor,
        seq: i64,
        because: &Because,
    ) -> Result<(), AcknowledgeError> {
        let mut found = self.verify(db).await?;
        if found.breaks.iter().any(|it| it.is_of_head && it.seq == seq) {
            self.record_all(db, Vec::new()).await?;
            found = self.verify(db).await?;
        }
        let here = found.breaks.iter().filter(|it| it.seq == seq && it.acknowledged.is_none());
        let event = |digest| about_log::acknowledge(actor, seq, because, digest);
        let events: Vec<Event> = here.map(|it| event(&it.digest)).collect();
        if events.is_empty() {
            return Err(AcknowledgeError::NoBreak(seq));
        }
        Ok(self.record_all(db, events).await?)
    }
}
