//! Changing the rows of keys. Each change brings the authenticated set of the keys forward in
//! its transaction: see [`crate::authenticity::set`].

use futures_util::{TryStreamExt, pin_mut};
use sea_orm::{DatabaseTransaction, DbErr};
use time::OffsetDateTime;

use super::row::is_ours;
use super::{generation, store};
use crate::audit::{AuditLog, Event};
use crate::authenticity::set::{SetName, SetState, Tally};
use crate::authenticity::store::{self as sets, SetError};
use crate::authenticity::{Authenticated, RowKey};
use crate::authority::NotRecorded;
use crate::database::{DatabaseConnection, begin_write};
use crate::settings::{self, FoundRow, Kind, Model};

/// A transaction that changes one key. All other changes, of all processes, wait for it.
pub struct KeyRows {
    transaction: DatabaseTransaction,
    rows: RowKey,
    before: SetState,
    after: SetState,
    changed: Option<Changed>,
}

/// What a change was about.
pub(super) struct Changed {
    pub id: String,
    /// The mac that the row had before: none if there was no row, empty if it had none.
    pub mac_before: Option<Vec<u8>>,
}

impl KeyRows {
    /// Begins it. Refuses when the set is not as Keyward wrote it: what is added to it would
    /// make good what was changed from outside.
    pub async fn begin(db: &DatabaseConnection, rows: &RowKey) -> Result<Self, SetError> {
        let transaction = begin_write(db).await?;
        let before = sets::lock_signed(&transaction, SetName::Keys, rows).await?;
        Ok(Self { transaction, rows: rows.clone(), before, after: before, changed: None })
    }

    /// For queries.
    pub fn transaction(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// The set as it was found.
    pub fn before(&self) -> SetState {
        self.before
    }

    /// Whether a row has the mac that was made for it.
    pub fn is_ours(&self, row: &Model) -> bool {
        self.rows.is_ours(row)
    }

    /// The key for macs.
    pub fn rows(&self) -> &RowKey {
        &self.rows
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
        let row = settings::insert(db, rows, Kind::ApiKey, id, name, value, now).await?;
        self.bring_forward(id, None, row.mac());
        Ok(row)
    }

    /// Stores a row whose mac was checked and whose name or value was changed; the number of
    /// rows changed.
    pub async fn update(&mut self, row: &mut Model, now: OffsetDateTime) -> Result<u64, DbErr> {
        let before = row.mac.clone();
        let (db, rows) = (&self.transaction, &self.rows);
        let changed = settings::update(db, rows, Kind::ApiKey, row, now).await?;
        self.bring_forward(&row.id, Some(before.as_deref()), row.mac());
        Ok(changed)
    }

    /// Deletes a row, also one that was changed from outside, or that Keyward did not write; the
    /// number of rows deleted.
    pub async fn delete(&mut self, row: &FoundRow) -> Result<u64, SetError> {
        let is_ours = matches!(row, FoundRow::Whole(row) if self.is_ours(row));
        let counts = is_ours || self.counts_all().await?;
        let deleted = settings::delete(&self.transaction, Kind::ApiKey, row.id()).await?;
        if counts {
            self.take(row.id(), row.mac());
        }
        let mac_before = if counts { known(row.mac()) } else { None };
        self.changed = Some(Changed { id: row.id().to_owned(), mac_before });
        Ok(deleted)
    }

    /// Whether rows that are not ours are in the set: looks at all of them.
    async fn counts_all(&self) -> Result<bool, SetError> {
        let stored = store::stream(&self.transaction, &self.rows).await?;
        pin_mut!(stored);
        let mut tally = Tally::default();
        while let Some((key, element)) = stored.try_next().await? {
            tally.add(element, is_ours(&key));
        }
        tally.counts_all(&self.before).ok_or(SetError::Altered(SetName::Keys))
    }

    /// Raises the generation, records the change and commits; the set from then on.
    pub async fn commit(mut self, audit: &AuditLog, event: Event) -> Result<SetState, NotRecorded> {
        self.after.n = self.before.n + 1;
        let Self { transaction, rows, after, changed, .. } = self;
        generation::raise(&transaction, &rows, &after, changed).await?;
        audit.append(&transaction, event).await?;
        transaction.commit().await?;
        Ok(after)
    }

    fn bring_forward(&mut self, id: &str, before: Option<Option<&[u8]>>, after: Option<&[u8]>) {
        if let Some(mac) = before {
            self.take(id, mac);
        }
        self.after.add(self.rows.element_of(Model::TABLE, id, after));
        let mac_before = before.and_then(known);
        self.changed = Some(Changed { id: id.to_owned(), mac_before });
    }

    fn take(&mut self, id: &str, mac: Option<&[u8]>) {
        self.after.take(self.rows.element_of(Model::TABLE, id, mac));
    }
}

fn known(mac: Option<&[u8]>) -> Option<Vec<u8>> {
    Some(mac.unwrap_or_default().to_vec())
}
