//! Reads the whole log, in order and as it is at one moment, for [`super::check`].

use std::pin::pin;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;
use keyward_api::audit::AuditProgress;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryOrder, QueryResult, QuerySelect,
    QueryTrait, StreamTrait,
};

use super::breaks::{Break, Verification};
use super::check::{Check, StoredHead};
use super::entity::log;
use super::sets::Newest;
use super::{sets, store};
use crate::database::{DatabaseConnection, ROWS_ON_THEIR_WAY, begin_read};
use keyward_core::chain::AuditKeys;

/// Entries at the end that are checked when only the end is.
const END: u64 = 256;

/// Entries between two reports of how far the check is.
const STEP: u64 = 4096;

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
    let (mut check, mut checked) = (Check::new(keys), 0);
    {
        let entries = log::Entity::find().order_by_asc(log::Column::Seq);
        let backend = ConnectionTrait::get_database_backend(moment);
        let rows = moment.stream_raw(entries.build(backend)).await?;
        // The database reads on while entries are checked. All that have come are taken at once:
        // with each taken alone, most of the time goes into waking threads.
        let mut chunks = pin!(rows.ready_chunks(ROWS_ON_THEIR_WAY));
        while let Some(rows) = chunks.next().await {
            for row in rows {
                let row = row?;
                match read(&row) {
                    Ok(entry) => check.entry(&entry.stored()),
                    Err(_) => check.unreadable(row.try_get_by_index(0)?),
                }
                checked += 1;
                if checked % STEP == 0 {
                    progress(AuditProgress { checked, total });
                }
            }
        }
    }
    progress(AuditProgress { checked, total });
    finish(check, moment, keys, newest).await
}

async fn finish(
    check: Check<'_>,
    moment: &DatabaseTransaction,
    keys: &AuditKeys,
    newest: i64,
) -> Result<Verification, DbErr> {
    let head = store::stored_head(moment).await?;
    let head = head.as_ref().map(|head| StoredHead {
        seq: head.seq,
        entry_hash: &head.entry_hash,
        // What it says of the sets is a part of it.
        mac: if sets::are_ours(keys.active(), head) { &head.mac } else { &[] },
    });
    Ok(check.finish(head, newest))
}

/// Checks the last entries and the head: the first break there that nobody knows of.
pub async fn verify_end(
    db: &DatabaseConnection,
    keys: &AuditKeys,
    newest: &Newest,
) -> Result<Option<Break>, DbErr> {
    let newest = newest.seq.load(Ordering::SeqCst);
    let moment = begin_read(db).await?;
    let mut check = Check::new(keys);
    let last = log::Entity::find().order_by_desc(log::Column::Seq).limit(END);
    let rows = last.build(ConnectionTrait::get_database_backend(&moment));
    for row in moment.query_all_raw(rows).await?.iter().rev() {
        match read(row) {
            Ok(entry) => check.entry(&entry.stored()),
            Err(_) => check.unreadable(row.try_get_by_index(0)?),
        }
    }
    let found = finish(check, &moment, keys, newest).await?;
    // Those before the first one are not missing, but were not read.
    let is_there = |it: &&Break| it.seq >= found.first && it.acknowledged.is_none();
    Ok(found.breaks.iter().find(is_there).cloned())
}

/// The columns in the order of [`log::Model`], by their places: looking them up by name would
/// take longer than the check.
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
