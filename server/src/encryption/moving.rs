//! Moves every value of a column under another key, a chunk at a time. Whether a chunk was
//! stored as it was sealed is asked of the database itself.
//!
//! While the database stores a chunk and gives it back, another thread opens and seals the next
//! one, and compares the one before.

use std::sync::Arc;

use keyward_core::dek::Dek;
use keyward_core::seal::Opened;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr};
use subtle::ConstantTimeEq;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use super::columns::{SealedColumn, SealedRow};
use super::error::{KeyringError, RotateError};
use super::keyring::Keyring;
use super::sealer::Sealer;
use crate::database::StoreError;
use crate::encryption::error::RotateRefusal;

/// Values of a chunk; up to 64 KiB each, and up to four chunks are in memory.
const CHUNK: u64 = 256;

/// A move of all values, in one transaction.
pub(super) struct Moving<'a> {
    pub(super) keyring: &'a Keyring,
    pub(super) transaction: &'a DatabaseTransaction,
    /// What they are sealed with from now on.
    pub(super) sealer: Sealer,
    /// Called with the number of values that were moved since the last call.
    pub(super) moved: &'a (dyn Fn(u64) + Sync),
}

struct Chunk {
    /// The id before its first.
    after: String,
    sealed: Vec<(String, Vec<u8>)>,
    values: Vec<(String, Opened)>,
}

/// A row, and the key that it names.
type Named = (SealedRow, Option<Arc<Dek>>);

type Work<T> = JoinHandle<Result<T, RotateError>>;

impl Moving<'_> {
    /// Moves the values of a column; how many there are.
    pub(super) async fn all(&self, column: SealedColumn) -> Result<u64, RotateError> {
        drop_index(self.transaction, column).await?;
        let (mut moved, mut last) = (0, String::new());
        let mut next = self.read(column, &mut last).await?;
        let mut checked: Option<Work<u64>> = None;
        while let Some(sealing) = next {
            next = self.read(column, &mut last).await?;
            let chunk = sealing.await.map_err(stopped)??;
            let checking = self.store(column, chunk).await?;
            if let Some(before) = checked.replace(checking) {
                moved += self.finish(before).await?;
            }
        }
        if let Some(before) = checked {
            moved += self.finish(before).await?;
        }
        create_index(self.transaction, column).await?;
        if column.count_elsewhere(self.transaction, &self.sealer.key_id).await? != 0 {
            return Err(not_stored(column));
        }
        Ok(moved)
    }

    /// Reads the chunk after the row `last`, and begins to seal it; `None`: there is none.
    async fn read(
        &self,
        column: SealedColumn,
        last: &mut String,
    ) -> Result<Option<Work<Chunk>>, RotateError> {
        let rows = column.after(self.transaction, last, CHUNK).await?;
        let Some(end) = rows.last() else { return Ok(None) };
        let after = std::mem::replace(last, end.id.clone());
        let mut named = Vec::with_capacity(rows.len());
        for row in rows {
            let dek = self.keyring.key_of(self.transaction, &row).await;
            let dek = dek.map_err(|reason| unreadable(column, &row, reason))?;
            named.push((row, dek));
        }
        let (keyring, sealer) = (self.keyring.clone(), self.sealer.clone());
        Ok(Some(spawn_blocking(move || seal(&keyring, column, &sealer, after, named))))
    }

    /// Stores a chunk, reads it back, and begins to compare it.
    async fn store(&self, column: SealedColumn, chunk: Chunk) -> Result<Work<u64>, RotateError> {
        let Chunk { after, sealed, values } = chunk;
        let number = sealed.len() as u64;
        let replaced = column.replace(self.transaction, &self.sealer.key_id, sealed).await?;
        let stored = column.after(self.transaction, &after, number).await?;
        let sealer = self.sealer.clone();
        Ok(spawn_blocking(move || {
            let mut pairs = stored.iter().zip(&values);
            let all_same = replaced == number
                && stored.len() == values.len()
                && pairs.all(|(row, (id, value))| {
                    row.id == *id && opens_to(&sealer, column, row, value)
                });
            if all_same { Ok(number) } else { Err(not_stored(column)) }
        }))
    }

    async fn finish(&self, checking: Work<u64>) -> Result<u64, RotateError> {
        let number = checking.await.map_err(stopped)??;
        (self.moved)(number);
        Ok(number)
    }
}

/// Before every row is given another key: in SQLite, to follow each row in the index of the keys
/// takes as long as to write the row, and to make the index again almost nothing. In PostgreSQL
/// that would stop all readers.
async fn drop_index(db: &DatabaseTransaction, column: SealedColumn) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        // A store that somebody copied by hand may lack it, and has it from then on.
        let sql = format!("DROP INDEX IF EXISTS \"{}_key_id\"", column.table);
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

async fn create_index(db: &DatabaseTransaction, column: SealedColumn) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Sqlite {
        let table = column.table;
        let sql = format!("CREATE INDEX \"{table}_key_id\" ON \"{table}\" (\"key_id\")");
        db.execute_unprepared(&sql).await?;
    }
    Ok(())
}

fn seal(
    keyring: &Keyring,
    column: SealedColumn,
    sealer: &Sealer,
    after: String,
    rows: Vec<Named>,
) -> Result<Chunk, RotateError> {
    let mut new_rows = Vec::with_capacity(rows.len());
    let mut values = Vec::with_capacity(rows.len());
    for (row, dek) in rows {
        let value = keyring.open_with(dek.as_deref(), column, &row);
        let value = value.map_err(|reason| unreadable(column, &row, reason))?;
        let again = sealer.seal(&row.subject(column), &value).map_err(KeyringError::from)?;
        new_rows.push((row.id.clone(), again));
        values.push((row.id, value));
    }
    Ok(Chunk { after, sealed: new_rows, values })
}

fn opens_to(sealer: &Sealer, column: SealedColumn, row: &SealedRow, value: &Opened) -> bool {
    let is_under_new_key = row.key_id.as_ref() == Some(&sealer.key_id) && row.iv.is_none();
    let opened = sealer.open(&row.subject(column), &row.sealed);
    is_under_new_key && opened.is_ok_and(|opened| opened.ct_eq(value).into())
}

fn unreadable(column: SealedColumn, row: &SealedRow, reason: KeyringError) -> RotateError {
    if reason.is_about_the_server() {
        return reason.into();
    }
    RotateRefusal::Unreadable { row: column.name(&row.label), reason }.into()
}

fn not_stored(column: SealedColumn) -> RotateError {
    RotateRefusal::NotStored(format!("a row of the table {}", column.table)).into()
}

fn stopped(error: JoinError) -> RotateError {
    StoreError::stopped("the rotation", error).into()
}
