//! Changing the rows of keys. Each change brings the authenticated set of the keys forward in
//! its transaction: see [`keyward_core::set`].

use std::sync::Arc;

use keyward_core::lease::Commit;
use keyward_core::row::{Authenticated, RowKey, RowMac};
use keyward_core::set::{SetName, SetState};
use keyward_core::watermark::{Mark, Position};
use sea_orm::{DatabaseTransaction, DbErr};
use time::OffsetDateTime;

use super::generation;
use super::members::Members;
use crate::audit::{AuditLog, Event};
use crate::authenticity::store as sets;
use crate::database::{DatabaseConnection, StoreError, begin_write};
use crate::replicas::acknowledge::commit_change;
use crate::settings::{self, FoundRow, Model, RowType};

/// A transaction that changes one key. All other changes, of all processes, wait for it.
pub struct KeyRows {
    transaction: DatabaseTransaction,
    rows: RowKey,
    members: Arc<Members>,
    before: SetState,
    after: SetState,
    changed: Changed,
    marks: Vec<Mark>,
}

/// What a change was about, and the mac of its row from then on; none: it was deleted.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    pub(super) id: String,
    pub(super) mac: Option<RowMac>,
    /// What the watermark has to say of it.
    pub(super) marks: Vec<Mark>,
    /// How far the store has come with it.
    pub(super) position: Option<Position>,
}

/// A trigger that somebody put into the database may have undone what was written: that is not
/// committed as a change.
async fn read_back(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    after: &SetState,
    changed: &Changed,
) -> Result<(), StoreError> {
    let set = sets::read_signed(transaction, SetName::Keys, rows).await;
    let row = settings::find(transaction, RowType::ApiKey, &changed.id).await?;
    let mac = row.as_ref().and_then(FoundRow::mac);
    let is_stored = matches!(set, Ok(set) if set == *after)
        && row.is_some() == changed.mac.is_some()
        && mac == changed.mac.as_ref().map(RowMac::as_slice);
    if is_stored {
        return Ok(());
    }
    Err(StoreError::NotStored("the change of a key"))
}

impl KeyRows {
    /// Begins it. Refuses when the set is not as Keyward wrote it: what is added to it would
    /// make good what was changed from outside. `members` are the rows of the set, for a change
    /// of one of them.
    pub async fn begin(
        db: &DatabaseConnection,
        rows: &RowKey,
        members: Arc<Members>,
    ) -> Result<Self, StoreError> {
        let transaction = begin_write(db).await?;
        let before = sets::lock_signed(&transaction, SetName::Keys, rows).await?;
        let (rows, changed, marks) = (rows.clone(), Changed::default(), Vec::new());
        Ok(Self { transaction, rows, members, before, after: before, changed, marks })
    }

    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    pub fn before(&self) -> SetState {
        self.before
    }

    pub fn rows(&self) -> &RowKey {
        &self.rows
    }

    /// Whether a row is as Keyward wrote it last.
    pub fn is_ours(&self, row: &Model) -> bool {
        self.rows.is_ours(row) && self.is_member(&row.id, row.mac())
    }

    /// Stores a new row. Fails when its name is taken.
    pub async fn insert(
        &mut self,
        id: &str,
        name: &str,
        value: String,
        now: OffsetDateTime,
    ) -> Result<Model, DbErr> {
        let (db, rows) = (&self.transaction, &self.rows);
        let row = settings::insert(db, rows, RowType::ApiKey, id, name, value, now).await?;
        self.add(id, row.mac());
        Ok(row)
    }

    /// Stores a row that is ours and whose name or value was changed; the number of rows
    /// changed.
    pub async fn update(&mut self, row: &mut Model, now: OffsetDateTime) -> Result<u64, DbErr> {
        self.take(&row.id, row.mac());
        let (db, rows) = (&self.transaction, &self.rows);
        let changed = settings::update(db, rows, RowType::ApiKey, row, now).await?;
        self.add(&row.id, row.mac());
        Ok(changed)
    }

    /// Deletes a row, also one that was changed from outside, or that Keyward did not write; the
    /// number of rows deleted.
    pub async fn delete(&mut self, row: &FoundRow) -> Result<u64, DbErr> {
        let deleted = settings::delete(&self.transaction, RowType::ApiKey, row.id()).await?;
        // What was in the set is out of it, whatever stood there.
        if let Some(mac) = self.members.mac(row.id()) {
            self.take(row.id(), Some(&mac));
        }
        self.changed = Changed { id: row.id().to_owned(), ..Changed::default() };
        Ok(deleted)
    }

    /// What the watermark has to say when this is committed.
    pub fn mark(&mut self, marks: impl IntoIterator<Item = Mark>) {
        self.marks.extend(marks);
    }

    /// Raises the generation, records the change and commits; the set from then on, what was
    /// changed of it, and what to wait for until it is in effect everywhere.
    pub async fn commit(
        mut self,
        audit: &AuditLog,
        event: Event,
    ) -> Result<(SetState, Changed, Commit), StoreError> {
        let raised = self.before.n.checked_add(1);
        self.after.n = raised.ok_or(StoreError::Exhausted("changes"))?;
        let Self { transaction, rows, after, mut changed, marks, .. } = self;
        let raised = generation::raise(&transaction, &rows, &after, &changed.id).await?;
        audit.append(&transaction, event).await?;
        read_back(&transaction, &rows, &after, &changed).await?;
        let end = audit.end(&transaction).await?;
        changed.position = end.map(|(seq, hash)| Position { generation: after.n, seq, hash });
        changed.marks = marks;
        let commit = commit_change(transaction, raised).await?;
        Ok((after, changed, commit))
    }

    pub async fn rollback(self) -> Result<(), DbErr> {
        self.transaction.rollback().await
    }

    fn is_member(&self, id: &str, mac: Option<&[u8]>) -> bool {
        self.members.mac(id).is_some_and(|member| mac == Some(member.as_slice()))
    }

    fn add(&mut self, id: &str, mac: Option<&[u8]>) {
        self.after.add(self.rows.element_of(Model::TABLE, id, mac));
        let mac = mac.and_then(|mac| mac.try_into().ok());
        self.changed = Changed { id: id.to_owned(), mac, ..Changed::default() };
    }

    fn take(&mut self, id: &str, mac: Option<&[u8]>) {
        self.after.take(self.rows.element_of(Model::TABLE, id, mac));
    }
}
