//! Queries on the audit log: appending and reading.

use std::sync::atomic::Ordering;

use keyward_api::audit::Action;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, Order,
    QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use super::entity::{head, log, micros};
use super::event::{Actor, Event};
pub use super::filter::AuditFilter;
use super::sets::{self, Generations, Newest};
use crate::database::StoreError;
use crate::encryption;
use crate::encryption::wrapped_key::Purpose;
use keyward_core::chain::{AuditKey, AuditKeys, GENESIS};
use keyward_core::row::RowKey;
use keyward_core::set::SetName;

/// The id of the only row of `audit_head`.
const HEAD: i32 = 1;

/// Writes the head of an empty log. Once, with the audit key.
pub async fn begin(db: &impl ConnectionTrait, key: &AuditKey) -> Result<(), DbErr> {
    put_head(db, key, 0, GENESIS.to_vec(), Generations::default()).await
}

pub async fn is_unused(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let head = head::Entity::find_by_id(HEAD).one(db).await?;
    Ok(head.is_none() && last(db).await?.is_none())
}

/// Whether the log says that the rows of this store were signed.
pub async fn was_signed(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let signed = [Action::StoreSign, Action::StoreAccept].map(Action::as_str);
    let found = log::Entity::find().filter(log::Column::Action.is_in(signed));
    Ok(found.one(db).await?.is_some())
}

/// Whose macs the entries of an append carry.
#[derive(Clone, Copy)]
struct Signers<'k> {
    /// Under it are the head that is found, and the entries.
    present: &'k AuditKey,
    /// Takes over with the last entry, which it signs as well, and the head.
    next: Option<&'k AuditKey>,
}

/// Appends entries, in the transaction of what they are about. Appends take turns on the
/// lock of the head, so it is the last thing a transaction does before it commits. Without
/// an event, only a head that is wrong is reported.
pub async fn append(
    transaction: &DatabaseTransaction,
    keys: &AuditKeys,
    rows_key: &RowKey,
    newest: &Newest,
    events: Vec<Event>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let signers = Signers { present: keys.active(), next: None };
    append_signed(transaction, keys, rows_key, signers, newest, events, now).await
}

/// Appends the entry with which the active key takes over from the one before it.
pub async fn hand_over(
    transaction: &DatabaseTransaction,
    keys: &AuditKeys,
    rows_key: &RowKey,
    newest: &Newest,
    event: Event,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let present = keys
        .last_former()
        .ok_or_else(|| StoreError::Unusable("no audit key is before the active one".into()))?;
    let signers = Signers { present, next: Some(keys.active()) };
    append_signed(transaction, keys, rows_key, signers, newest, vec![event], now).await
}

async fn append_signed(
    transaction: &DatabaseTransaction,
    keys: &AuditKeys,
    rows_key: &RowKey,
    signers: Signers<'_>,
    newest: &Newest,
    events: Vec<Event>,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(events.len() + 1);
    let alone = Signers { next: None, ..signers };
    let end = good_end(transaction, signers.present, newest).await?;
    let (mut seq, mut prev) = if let Some(end) = end {
        end
    } else {
        refuse_former_key(transaction, keys).await?;
        // Not built upon silently: the one who changed the head would have got a good one.
        tracing::error!("the audit log was changed from outside: its head is not ours");
        let last = last(transaction).await?;
        let (seq, prev) = last.map_or((0, GENESIS.to_vec()), |last| (last.seq, last.entry_hash));
        let found = Actor::system().did(Action::AuditBroken, None);
        newest.seq.store(seq, Ordering::SeqCst);
        rows.push(entry(alone, seq + 1, prev, found, now));
        (seq + 1, rows[0].entry_hash.clone())
    };
    let number = events.len();
    for (n, event) in events.into_iter().enumerate() {
        let signers = if n + 1 == number { signers } else { alone };
        let row = entry(signers, seq + 1, prev, event, now);
        (seq, prev) = (row.seq, row.entry_hash.clone());
        rows.push(row);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows = rows.into_iter().map(|row| log::ActiveModel::from(row).reset_all());
    log::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    // Never by what a transaction wrote that did not commit: a set is as far as a head says
    // that is stored, or as this transaction has it.
    let reported = told_sets(transaction, &[signers.present]).await?.unwrap_or_default();
    let reported = sets::later(reported, newest.seen());
    let sets = sets::later(reported, sets::stored(transaction, rows_key).await?);
    Ok(put_head(transaction, signers.next.unwrap_or(signers.present), seq, prev, sets).await?)
}

/// What the end of the log says of the authenticated sets; `None`: nothing that is ours.
pub async fn told_sets(
    transaction: &DatabaseTransaction,
    keys: &[&AuditKey],
) -> Result<Option<Generations>, DbErr> {
    let head = stored_head(transaction).await?;
    Ok(head.and_then(|head| keys.iter().find_map(|key| sets::reported(key, &head))))
}

/// A set that was put back to an earlier day than the end of the log tells of; all of them may
/// have been, when that does not tell.
pub async fn set_put_back(
    transaction: &DatabaseTransaction,
    keys: &AuditKeys,
    rows: &RowKey,
) -> Result<Option<SetName>, StoreError> {
    let reported = told_sets(transaction, &[keys.active()]).await?;
    let Some(reported) = reported else { return Ok(Some(SetName::Keys)) };
    Ok(sets::put_back(sets::stored(transaction, rows).await?, reported))
}

/// Number and hash of the last entry, by a head that is ours; the head is locked.
async fn good_end(
    transaction: &DatabaseTransaction,
    key: &AuditKey,
    newest: &Newest,
) -> Result<Option<(i64, Vec<u8>)>, DbErr> {
    let head = head::Entity::find_by_id(HEAD).lock_exclusive().one(transaction).await?;
    let seen = newest.seq.load(Ordering::SeqCst);
    let head = head.filter(|it| key.is_head(it.seq, &it.entry_hash, &it.mac) && it.seq >= seen);
    let Some(head) = head else { return Ok(None) };
    if seen == 0 {
        // The first append of this process: the head may be that of an earlier day, with the
        // entries of later days still there.
        let last = last(transaction).await?;
        let is_last = last.is_none_or(|last| {
            last.seq < head.seq || last.seq == head.seq && last.entry_hash == head.entry_hash
        });
        if !is_last {
            return Ok(None);
        }
    }
    match sets::reported(key, &head) {
        Some(reported) => _ = newest.saw(reported),
        None if newest.has_seen_any() || !sets::are_ours(key, &head) => return Ok(None),
        None => (),
    }
    newest.seq.fetch_max(head.seq, Ordering::SeqCst);
    Ok(Some((head.seq, head.entry_hash)))
}

/// A head under a key that is newer than those of this process is no sign of a change from
/// outside: the root key was changed while it ran.
async fn refuse_former_key(db: &impl ConnectionTrait, keys: &AuditKeys) -> Result<(), StoreError> {
    let stored = encryption::store::newest_version(db, Purpose::Audit).await?;
    if stored.is_some_and(|stored| usize::try_from(stored).is_ok_and(|it| it > keys.version())) {
        let reason = "the audit log has a key that is newer".to_owned();
        return Err(StoreError::FormerRootKey(reason));
    }
    Ok(())
}

async fn last(db: &impl ConnectionTrait) -> Result<Option<log::Model>, DbErr> {
    log::Entity::find().order_by_desc(log::Column::Seq).one(db).await
}

fn entry(
    signers: Signers<'_>,
    seq: i64,
    prev_hash: Vec<u8>,
    event: Event,
    now: OffsetDateTime,
) -> log::Model {
    let Event { actor, action, target, outcome, detail } = event;
    // The one character that PostgreSQL takes in no text; imported names may have it.
    let storable = |text: String| text.replace('\0', "\u{fffd}");
    let mut entry = log::Model {
        seq,
        time: micros(now),
        actor_kind: actor.kind.as_str().to_owned(),
        actor_id: actor.id.map(storable),
        actor_name: Some(storable(actor.name)),
        action: action.as_str().to_owned(),
        target: target.map(storable),
        outcome: outcome.as_str().to_owned(),
        detail: detail.map(storable),
        request_id: actor.origin.request_id,
        address: actor.origin.address.map(|address| address.to_string()),
        prev_hash,
        entry_hash: Vec::new(),
        mac: Vec::new(),
    };
    let hash = entry.fields().hash(&entry.prev_hash, &mut Vec::with_capacity(512));
    entry.entry_hash = hash.to_vec();
    entry.mac = signers.present.entry_mac(&hash).to_vec();
    entry.mac.extend(signers.next.iter().flat_map(|next| next.entry_mac(&hash)));
    entry
}

async fn put_head(
    db: &impl ConnectionTrait,
    key: &AuditKey,
    seq: i64,
    entry_hash: Vec<u8>,
    sets: Generations,
) -> Result<(), DbErr> {
    use head::Column::{EntryHash, Mac, Seq, Sets, SetsMac};
    let (mac, sets) = (key.head_mac(seq, &entry_hash).to_vec(), sets::to_bytes(sets));
    let sets_mac = key.sets_mac(seq, &entry_hash, &sets).to_vec();
    let row = head::ActiveModel {
        id: Set(HEAD),
        seq: Set(seq),
        entry_hash: Set(entry_hash),
        mac: Set(mac),
        sets: Set(Some(sets)),
        sets_mac: Set(Some(sets_mac)),
    };
    let columns = [Seq, EntryHash, Mac, Sets, SetsMac];
    let replace = OnConflict::column(head::Column::Id).update_columns(columns).to_owned();
    head::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await.map(drop)
}

pub(super) async fn stored_head(db: &impl ConnectionTrait) -> Result<Option<head::Model>, DbErr> {
    head::Entity::find_by_id(HEAD).one(db).await
}

/// The numbers of the first and the last entry.
pub(super) async fn extent(db: &impl ConnectionTrait) -> Result<Option<(i64, i64)>, DbErr> {
    let number = |order: Order| {
        let numbers = log::Entity::find().select_only().column(log::Column::Seq);
        numbers.order_by(log::Column::Seq, order).limit(1).into_tuple::<i64>()
    };
    let (first, last) = (number(Order::Asc).one(db).await?, number(Order::Desc).one(db).await?);
    Ok(first.zip(last))
}

/// How many entries there are, by the numbers of the first and the last: between them are no
/// gaps.
pub async fn number(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    let number = |(first, last): (i64, i64)| u64::try_from(last - first + 1).unwrap_or(0);
    Ok(extent(db).await?.map_or(0, number))
}

/// The newest entries before the one with number `before`.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &AuditFilter,
    before: i64,
    limit: u64,
) -> Result<Vec<log::Model>, DbErr> {
    log::Entity::find()
        .filter(filter.condition().add(log::Column::Seq.lt(before)))
        .order_by_desc(log::Column::Seq)
        .limit(limit)
        .all(db)
        .await
}
