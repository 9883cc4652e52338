//! Reads the whole log, in order and as it is at one moment, for [`super::check`].

use std::sync::atomic::Ordering;

use keyward_api::audit::AuditProgress;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QueryResult, QuerySelect, QueryTrait,
};

use super::breaks::Verification;
use super::chain::AuditKeys;
use super::check::{Check, StoredHead};
use super::entity::log;
use super::sets::Newest;
use super::store;
use crate::database::{DatabaseConnection, begin_read};

/// Entries that are read at a time.
const CHUNK: usize = 4096;

/// Checks every entry and the head as they are at one moment, and says how far it is.
pub async fn verify(
    db: &DatabaseConnection,
    keys: &AuditKeys,
    newest: &Newest,
    progress: impl Fn(AuditProgress),
) -> Result<Verification, DbErr> {
    // Before the moment that is looked at: a head that is written meanwhile is not in it.
    let newest = newest.seq.load(Ordering::SeqCst);
    let moment = begin_read(db).await?;
    verify_at(&moment, keys, newest, progress).await
}

/// The same for a transaction, in which nothing is written meanwhile.
pub async fn verify_at(
    moment: &DatabaseTransaction,
    keys: &AuditKeys,
    newest: i64,
    progress: impl Fn(AuditProgress),
) -> Result<Verification, DbErr> {
    let total = store::number(moment).await?;
    let mut check = Check::new(keys);
    let (mut after, mut checked) = (None, 0);
    loop {
        let rows = moment.query_all_raw(chunk(after).build(moment.get_database_backend())).await?;
        for row in &rows {
            match read(row) {
                Ok(entry) => check.entry(&entry.stored()),
                Err(_) => check.unreadable(row.try_get_by_index(0)?),
            }
        }
        checked += rows.len() as u64;
        progress(AuditProgress { checked, total });
        let Some(last) = rows.last().filter(|_| rows.len() == CHUNK) else { break };
        after = Some(last.try_get_by_index(0)?);
    }
    let head = store::stored_head(moment).await?;
    let head = head.as_ref().map(|head| StoredHead {
        seq: head.seq,
        entry_hash: &head.entry_hash,
        mac: &head.mac,
    });
    Ok(check.finish(head, newest))
}

/// The columns in the order of [`log::Model`]. At first without a bound: a row may have been
/// given any number.
fn chunk(after: Option<i64>) -> sea_orm::Select<log::Entity> {
    let entries = log::Entity::find().order_by_asc(log::Column::Seq).limit(CHUNK as u64);
    match after {
        Some(after) => entries.filter(log::Column::Seq.gt(after)),
        None => entries,
    }
}

/// By the places of the columns: looking them up by name would take longer than the check.
fn read(row: &QueryResult) -> Result<log::Model, DbErr> {
    Ok(log::Model {
        seq: row.try_get_by_index(0)?,
        time: row.try_get_by_index(1)?,
        actor_kind: row.try_get_by_index(2)?,
        actor_id: row.try_get_by_index(3)?,
        actor_name: row.try_get_by_index(4)?,
        action: row.try_get_by_index(5)?,
        target: row.try_get_by_index(6)?,
        outcome: row.try_get_by_index(7)?,
        detail: row.try_get_by_index(8)?,
        request_id: row.try_get_by_index(9)?,
        address: row.try_get_by_index(10)?,
        prev_hash: row.try_get_by_index(11)?,
        entry_hash: row.try_get_by_index(12)?,
        mac: row.try_get_by_index(13)?,
    })
}
