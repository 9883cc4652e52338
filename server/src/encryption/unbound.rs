//! Secrets whose seal does not bind their name: those of the older layout, and of format 1 of
//! [`seal`](keyward_core::seal).
//!
//! Anyone who can write to the database could give such a value another name, and so have it read
//! by a caller who may read that name. So a mac in the row binds the two. It is given once, to
//! the rows that are there when a store of an earlier version is started for the first time, or
//! when somebody accepts what is there; without it, such a value does not open. A rotation seals
//! them again, and then they need none.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};

use super::columns::{SECRETS, SealedColumn, SealedRow};
use super::store;
use keyward_core::row::Columns;
use keyward_core::row::{Authenticated, RowKey};
use keyward_core::seal::Format;

const CHUNK: u64 = 256;

/// A secret whose mac stands for what its seal does not bind, while the newest data key has this
/// version: a rotation moves all of them, and none that is put back later opens.
struct Unbound<'a>(&'a SealedRow, i32);

impl Authenticated for Unbound<'_> {
    const TABLE: &'static str = SECRETS.table;

    fn write(&self, columns: &mut Columns) {
        let SealedRow { id, label, key_id, iv, sealed, .. } = self.0;
        columns.put(id);
        columns.put(label);
        columns.put_or_none(key_id.as_ref());
        columns.put_or_none(iv.as_ref());
        columns.put(sealed);
        columns.put_number(self.1.into());
    }

    fn mac(&self) -> Option<&[u8]> {
        self.0.mac.as_deref()
    }
}

/// Whether nothing speaks against opening the row: its seal binds its name, or its mac does.
/// (Keys of providers and models are found by their ids, which every seal binds.)
pub(super) fn is_ours(rows: &RowKey, column: SealedColumn, row: &SealedRow, newest: i32) -> bool {
    if column.has_iv && is_bound(row) {
        // Neither belongs beside such a value.
        return row.iv.is_none() && row.mac.is_none();
    }
    !column.has_iv || rows.is_ours(&Unbound(row, newest))
}

fn is_bound(row: &SealedRow) -> bool {
    row.key_id.is_some() && Format::of(&row.sealed) == Some(Format::Two)
}

/// Gives every secret that needs one its mac, as it is now; how many there are.
pub async fn sign_unbound(transaction: &DatabaseTransaction, rows: &RowKey) -> Result<u64, DbErr> {
    let (mut signed, mut last) = (0, String::new());
    let newest = store::newest(transaction).await?.map_or(0, |key| key.version);
    loop {
        let chunk = SECRETS.after(transaction, &last, CHUNK).await?;
        let Some(end) = chunk.last() else { return Ok(signed) };
        last.clone_from(&end.id);
        let unbound = chunk.iter().filter(|row| !is_bound(row));
        let macs: Vec<_> = unbound.map(|row| (&row.id, rows.sign(&Unbound(row, newest)))).collect();
        if macs.is_empty() {
            continue;
        }
        let pairs = (0..macs.len()).map(|i| format!("(${}, ${})", 2 * i + 1, 2 * i + 2));
        let pairs = pairs.collect::<Vec<_>>().join(", ");
        let sql = format!(
            "UPDATE secrets SET mac = v.column2 FROM (VALUES {pairs}) AS v WHERE secrets.id = \
             v.column1"
        );
        let values = macs.iter().flat_map(|(id, mac)| [Value::from(*id), mac.to_vec().into()]);
        let backend = transaction.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let changed = transaction.execute_raw(statement).await?.rows_affected();
        if changed != macs.len() as u64 {
            return Err(DbErr::RecordNotUpdated);
        }
        signed += changed;
    }
}
