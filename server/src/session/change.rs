//! A change of the set of people, in the transaction that makes it.

use std::sync::Arc;

use keyward_core::row::RowKey;
use keyward_core::set::{SetName, SetState};
use sea_orm::DatabaseTransaction;

use super::known::{Known, Made, Member, Row};
use super::people::People;
use crate::audit::AuditLog;
use crate::authenticity::store as sets;
use crate::database::StoreError;

/// A change of users, sessions and invitations under way, in a transaction; all others wait for it.
pub(crate) struct Change<'a> {
    rows: &'a RowKey,
    transaction: &'a DatabaseTransaction,
    known: Arc<Known>,
    set: SetState,
    added: Vec<(String, Row)>,
    taken: Vec<String>,
}

impl<'a> Change<'a> {
    /// Begins it. Refuses when the set is not as Keyward wrote it.
    pub(crate) async fn begin(
        transaction: &'a DatabaseTransaction,
        people: &'a People,
        audit: &AuditLog,
    ) -> Result<Self, StoreError> {
        let rows = people.rows();
        let set = sets::lock_signed(transaction, SetName::People, rows).await?;
        audit.expect_present(transaction, SetName::People, set.n).await?;
        let known = people.known_as(transaction, set).await?;
        Ok(Self { rows, transaction, known, set, added: Vec::new(), taken: Vec::new() })
    }

    /// Whether there is no user and no session.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.count == 0
    }

    /// The mac for a row that is about to be stored, which is from now on in the set.
    pub(crate) fn add<R: Member>(&mut self, row: &R) -> Vec<u8> {
        let mac = self.rows.sign(row).to_vec();
        self.set.add(self.rows.element_of(R::TABLE, &row.id(), Some(&mac)));
        let columns = row.clone().columns(mac.clone(), self.rows, true);
        self.added.push((row.id(), Row { mac: mac.clone(), columns }));
        mac
    }

    /// The mac for a row of the set that is about to be stored with other columns; `None`: it is
    /// not in the set.
    pub(crate) fn replace<R: Member>(&mut self, row: &R) -> Option<Vec<u8>> {
        self.take::<R>(&row.id()).then(|| self.add(row))
    }

    /// Whether a row that was found in this transaction is in the set.
    pub(crate) fn has<R: Member>(&self, row: &R) -> bool {
        let mac = self.known.mac(&row.id());
        mac.is_some() && mac == row.mac() && self.rows.is_ours(row)
    }

    /// The row with this id is out of the set, whatever stands there; whether it was in it.
    pub(crate) fn take<R: Member>(&mut self, id: &str) -> bool {
        let Some(mac) = self.known.mac(id) else { return false };
        if self.taken.iter().any(|taken| taken == id) {
            return false;
        }
        self.set.take(self.rows.element_of(R::TABLE, id, Some(mac)));
        self.taken.push(id.to_owned());
        true
    }

    /// The rows of the set, as they were when the change began.
    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// Stores the set. What it answers is for [`People::made`] when the transaction is committed.
    pub(crate) async fn finish(self) -> Result<Made, StoreError> {
        let Self { rows, transaction, known, mut set, added, taken } = self;
        let raised = set.n.checked_add(1);
        set.n = raised.ok_or(StoreError::Exhausted("changes"))?;
        sets::put(transaction, SetName::People, rows, set).await?;
        Ok(Made { before: known, set, added, taken })
    }
}
