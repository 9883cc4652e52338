//! The set of wrapped keys: which rows of `encryption_keys` there are, and which of them are
//! active, is authenticated by [`SetName::Vault`].
//!
//! Each wrapped key is sealed to its id, purpose and version; but that would let somebody who
//! can write to the database take the newest one out and put the former one back, or say that a
//! retired one is active. So each start and each look at the readiness adds the rows up, and
//! each change of them brings the sum forward in its transaction.

use keyward_core::row::{Authenticated, Columns, RowKey};
use keyward_core::set::{SetName, SetState, Sum};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};

use super::entity::Model;
use super::store;
use crate::authenticity::store as sets;
use crate::database::StoreError;

const TABLE: &str = "encryption_keys";

/// So many looks at rows and sum, until no change came in between.
const LOOKS: usize = 10;

/// The stored keys are not those that this server stored.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    #[error(transparent)]
    Store(StoreError),
    #[error(
        "what the table generation says of the wrapped keys was changed. `keyward store check` \
         lists what does not hold; restore the tables encryption_keys and generation from a backup"
    )]
    AlteredSum,
    #[error(
        "the table encryption_keys was changed: a row was added, taken out or put back, or its \
         state was changed. `keyward store check` lists what does not hold; restore the tables \
         encryption_keys and generation from a backup"
    )]
    AlteredRows,
}

impl From<StoreError> for KeySetError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Altered(_) => Self::AlteredSum,
            error => Self::Store(error),
        }
    }
}

impl From<DbErr> for KeySetError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

/// A row, for its element: whatever decides which key is used. What is wrapped is bound to the
/// row by its own seal, and is rewrapped when the root key changes.
struct Row<'a>(&'a Model);

impl Authenticated for Row<'_> {
    const TABLE: &'static str = TABLE;

    fn write(&self, columns: &mut Columns) {
        let Model { id, purpose, version, state, wrapped, kek_id, .. } = self.0;
        columns.put(id);
        columns.put(purpose);
        columns.put_number((*version).into());
        columns.put(state);
        // One that was erased is not put back, and not wrapped for another root key.
        columns.put_or_none(wrapped.is_empty().then_some(kek_id));
    }

    fn mac(&self) -> Option<&[u8]> {
        None
    }
}

pub fn element(rows: &RowKey, key: &Model) -> Sum {
    rows.element_of(TABLE, &key.id, Some(&rows.sign(&Row(key))))
}

fn whole<'a>(rows: &RowKey, keys: impl IntoIterator<Item = &'a Model>) -> SetState {
    let mut state = SetState::default();
    keys.into_iter().for_each(|key| state.add(element(rows, key)));
    state
}

pub async fn check(db: &impl ConnectionTrait, rows: &RowKey) -> Result<(), KeySetError> {
    let mut before = sets::read(db, SetName::Vault, rows).await?;
    for _ in 0..LOOKS {
        let keys = store::list(db).await?;
        let after = sets::read(db, SetName::Vault, rows).await?;
        if before == after {
            return agree(after, rows, &keys).map(drop);
        }
        before = after;
    }
    Err(KeySetError::Store(StoreError::Busy("the wrapped keys")))
}

/// The set of these rows, which are all that are stored, locked for a change.
pub async fn lock(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    keys: &[Model],
) -> Result<SetState, KeySetError> {
    agree(sets::lock(transaction, SetName::Vault, rows).await?, rows, keys)
}

fn agree(stored: Option<SetState>, rows: &RowKey, keys: &[Model]) -> Result<SetState, KeySetError> {
    let stored = stored.ok_or(KeySetError::AlteredSum)?;
    let adds_up = stored.has_same_rows(&whole(rows, keys));
    if adds_up { Ok(stored) } else { Err(KeySetError::AlteredRows) }
}

pub async fn put(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    mut state: SetState,
) -> Result<(), DbErr> {
    state.n = state.n.saturating_add(1);
    sets::put(transaction, SetName::Vault, rows, state).await
}

/// Signs the set of these rows, whatever was stored: when the key for rows is made, and when
/// somebody accepts what is there. `floor` is what the end of the audit log says of the set.
pub async fn sign<'a>(
    transaction: &DatabaseTransaction,
    rows: &RowKey,
    keys: impl IntoIterator<Item = &'a Model>,
    floor: i64,
) -> Result<(), DbErr> {
    let state = whole(rows, keys);
    let n = sets::generation(transaction, SetName::Vault).await?.max(floor);
    put(transaction, rows, SetState { n, ..state }).await
}
