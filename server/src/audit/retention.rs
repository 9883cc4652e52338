//! Entries that are old enough to go: `KEYWARD_AUDIT_KEEP`.
//!
//! 1. Whole days (UTC) are closed, from the first entry on: no entry between two others goes.
//! 2. Only what was exported before goes: all of it, to the end, as the log itself says.
//! 3. Nothing goes while the log has a break that nobody knows of: it would be lost with it.
//! 4. The entries go in the transaction of the checkpoint that tells which they were, how many,
//!    and the hash of the last. Entries that go without one are missed by the check.

use std::time::Duration;

use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use super::about_log::{self, Checkpoint};
use super::entity::{log, micros};
use super::log::AuditLog;
use super::store::{extent, stored_head};
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError, begin_write};

pub const INTERVAL: Duration = Duration::from_hours(1);

/// Entries of one checkpoint at most: on SQLite nobody else writes meanwhile.
const SEGMENT: i64 = 50_000;

/// Closes what is older than `keep`; how many entries went.
pub async fn close_old(
    audit: &AuditLog,
    db: &DatabaseConnection,
    keep: Duration,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    let Some((first, old)) = old(db, keep, now).await? else { return Ok(0) };
    let verification = audit.verify(db).await?;
    if !verification.is_valid() {
        tracing::warn!(
            "old audit entries are kept: the log has a break that is not acknowledged; see \
             `keyward audit verify`"
        );
        return Ok(0);
    }
    let through = old.min(verification.exported);
    if through < first {
        tracing::info!("old audit entries are kept until they are exported");
    }
    let (mut first, mut gone) = (first, 0);
    while first <= through {
        let through = through.min(first.saturating_add(SEGMENT - 1));
        let closed = with_timeout(close(audit, db, first, through)).await?;
        if closed == 0 {
            break;
        }
        (first, gone) = (through + 1, gone + closed);
    }
    if gone > 0 {
        tracing::info!(entries = gone, "old audit entries are closed by a checkpoint");
    }
    Ok(gone)
}

/// The numbers of the first entry and of the last one before a day that is to be kept.
async fn old(
    db: &DatabaseConnection,
    keep: Duration,
    now: OffsetDateTime,
) -> Result<Option<(i64, i64)>, StoreError> {
    let Some((first, last)) = extent(db).await? else { return Ok(None) };
    let keep = time::Duration::try_from(keep).unwrap_or(time::Duration::MAX);
    let Some(since) = now.checked_sub(keep) else { return Ok(None) };
    let kept = log::Entity::find()
        .filter(log::Column::Time.gte(micros(since.replace_time(time::Time::MIDNIGHT))))
        .order_by_asc(log::Column::Seq)
        .select_only()
        .column(log::Column::Seq)
        .limit(1)
        .into_tuple::<i64>()
        .one(db)
        .await?;
    let old = kept.map_or(last, |kept| kept - 1);
    Ok((first..=last).contains(&old).then_some((first, old)))
}

async fn close(
    audit: &AuditLog,
    db: &DatabaseConnection,
    first: i64,
    through: i64,
) -> Result<u64, StoreError> {
    let transaction = begin_write(db).await?;
    // Another server may have closed them.
    if extent(&transaction).await?.is_none_or(|(now, _)| now != first) {
        return Ok(0);
    }
    let Some(checkpoint) = checkpoint(&transaction, through).await? else { return Ok(0) };
    let old = log::Column::Seq.lte(checkpoint.through);
    let deleted = log::Entity::delete_many().filter(old).exec(&transaction).await?;
    if deleted.rows_affected == 0 {
        return Ok(0);
    }
    let event = about_log::close(first, deleted.rows_affected, &checkpoint);
    audit.append_unasked(&transaction, event).await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected)
}

/// By what follows the entries that go: a last one that was changed, which somebody knows of,
/// may no longer have the hash that the next one goes by.
async fn checkpoint(
    transaction: &DatabaseTransaction,
    through: i64,
) -> Result<Option<Checkpoint>, StoreError> {
    let after = log::Column::Seq.gt(through);
    let next = log::Entity::find().filter(after).order_by_asc(log::Column::Seq);
    let (through, hash) = match next.one(transaction).await? {
        Some(next) => (next.seq - 1, next.prev_hash),
        None => match stored_head(transaction).await? {
            Some(head) => (head.seq, head.entry_hash),
            None => return Ok(None),
        },
    };
    Ok(hash.try_into().ok().map(|hash| Checkpoint { through, hash }))
}
