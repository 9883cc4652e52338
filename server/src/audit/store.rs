//! Queries on the audit log: appending, reading, and checking the whole of it.

use std::sync::atomic::{AtomicI64, Ordering};

use keyward_api::audit::AuditOutcome;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use time::OffsetDateTime;

use super::chain::{AuditKey, Broken, Check, GENESIS};
use super::entity::{head, log};
use super::event::{self, Action, Actor, Event};
use crate::database::{DatabaseConnection, begin_read};
use crate::paging::containing;

/// The id of the only row of `audit_head`.
const HEAD: i32 = 1;

/// Entries that are read at a time.
const CHUNK: u64 = 4096;

/// Writes the head of an empty log. Once, with the audit key.
pub async fn begin(db: &impl ConnectionTrait, key: &AuditKey) -> Result<(), DbErr> {
    put_head(db, key, 0, GENESIS.to_vec()).await
}

/// Whether no log was ever begun here.
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

/// Appends entries, in the transaction of what they are about. Appends take turns on the
/// lock of the head, so it is the last thing a transaction does before it commits.
pub async fn append(
    transaction: &DatabaseTransaction,
    key: &AuditKey,
    newest: &AtomicI64,
    events: Vec<Event>,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    let head = head::Entity::find_by_id(HEAD).lock_exclusive().one(transaction).await?;
    let mut rows = Vec::with_capacity(events.len());
    let (mut seq, mut prev) = match head {
        Some(head) if is_good(&head, key, newest) => {
            newest.fetch_max(head.seq, Ordering::SeqCst);
            (head.seq, head.entry_hash)
        }
        // Not built upon silently: whoever changed the head would have got a good one.
        _ => {
            tracing::error!("the audit log was changed from outside: its head is not ours");
            let last = last(transaction).await?;
            let (seq, prev) =
                last.map_or((0, GENESIS.to_vec()), |last| (last.seq, last.entry_hash));
            let found = Actor::system().did(Action::AuditBroken, None);
            newest.store(seq, Ordering::SeqCst);
            rows.push(entry(key, seq + 1, prev, found, now));
            (seq + 1, rows[0].entry_hash.clone())
        }
    };
    for event in events {
        let row = entry(key, seq + 1, prev, event, now);
        (seq, prev) = (row.seq, row.entry_hash.clone());
        rows.push(row);
    }
    let rows = rows.into_iter().map(|row| log::ActiveModel::from(row).reset_all());
    log::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    put_head(transaction, key, seq, prev).await
}

/// A head that was written with this key, and is not of an earlier day than one that this
/// process has seen.
fn is_good(head: &head::Model, key: &AuditKey, newest: &AtomicI64) -> bool {
    key.is_head(head.seq, &head.entry_hash, &head.mac) && head.seq >= newest.load(Ordering::SeqCst)
}

async fn last(db: &impl ConnectionTrait) -> Result<Option<log::Model>, DbErr> {
    log::Entity::find().order_by_desc(log::Column::Seq).one(db).await
}

fn entry(
    key: &AuditKey,
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
        time: i64::try_from(now.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX),
        actor_kind: event::kind_text(actor.kind).to_owned(),
        actor_id: actor.id.map(storable),
        actor_name: Some(storable(actor.name)),
        action: action.as_str().to_owned(),
        target: target.map(storable),
        outcome: event::outcome_text(outcome).to_owned(),
        detail: detail.map(storable),
        request_id: actor.origin.request_id,
        address: actor.origin.address.map(|address| address.to_string()),
        prev_hash,
        entry_hash: Vec::new(),
        mac: Vec::new(),
    };
    let hash = entry.fields().hash(&entry.prev_hash, &mut Vec::with_capacity(512));
    entry.entry_hash = hash.to_vec();
    entry.mac = key.entry_mac(&hash).to_vec();
    entry
}

async fn put_head(
    db: &impl ConnectionTrait,
    key: &AuditKey,
    seq: i64,
    entry_hash: Vec<u8>,
) -> Result<(), DbErr> {
    let mac = key.head_mac(seq, &entry_hash).to_vec();
    let row = head::ActiveModel {
        id: Set(HEAD),
        seq: Set(seq),
        entry_hash: Set(entry_hash),
        mac: Set(mac),
    };
    let columns = [head::Column::Seq, head::Column::EntryHash, head::Column::Mac];
    let replace = OnConflict::column(head::Column::Id).update_columns(columns).to_owned();
    head::Entity::insert(row).on_conflict(replace).exec_without_returning(db).await.map(drop)
}

/// Checks every entry and the head as they are at one moment: how many entries are as they
/// were written, and the first that is not.
pub async fn verify(
    db: &DatabaseConnection,
    key: &AuditKey,
    newest: &AtomicI64,
) -> Result<(i64, Option<Broken>), DbErr> {
    let moment = begin_read(db).await?;
    let mut check = Check::new(key);
    loop {
        // At first without a bound: numbers below 1 are no numbers of entries.
        let after = (check.verified() > 0).then(|| log::Column::Seq.gt(check.verified()));
        let entries = log::Entity::find()
            .filter(Condition::all().add_option(after))
            .order_by_asc(log::Column::Seq)
            .limit(CHUNK)
            .all(&moment)
            .await?;
        for entry in &entries {
            if let Err(broken) = check.entry(entry.stored()) {
                return Ok((check.verified(), Some(broken)));
            }
        }
        if (entries.len() as u64) < CHUNK {
            break;
        }
    }
    let head = head::Entity::find_by_id(HEAD).one(&moment).await?;
    let stored = head.as_ref().map(|h| (h.seq, h.entry_hash.as_slice(), h.mac.as_slice()));
    let end = check.head(stored).and_then(|()| {
        let is_good = head.is_some_and(|head| is_good(&head, key, newest));
        let reason = "the log was put back to an earlier day";
        if is_good { Ok(()) } else { Err(Broken { seq: check.verified() + 1, reason }) }
    });
    Ok((check.verified(), end.err()))
}

/// Which entries are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// A part of the actor's name or of the target; case does not matter.
    pub q: Option<String>,
    /// A part of the actor's name or its whole id; case does not matter.
    pub actor: Option<String>,
    /// A whole action, or the noun before its dot.
    pub action: Option<String>,
    /// A part of the target; case does not matter.
    pub target: Option<String>,
    /// Done or refused.
    pub outcome: Option<AuditOutcome>,
    /// Not before this time.
    pub since: Option<OffsetDateTime>,
    /// Before this time.
    pub until: Option<OffsetDateTime>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let Self { q, actor, action, target, outcome, since, until } = self;
        let micros = |time: &OffsetDateTime| {
            i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
        };
        // As it is typed, too: SQLite knows small letters of ASCII alone.
        let contains = |column: log::Column, text: &String| {
            let lower = Expr::expr(Func::lower(Expr::col(column)));
            let in_lower_case = lower.like(containing(&text.to_lowercase()));
            Condition::any().add(in_lower_case).add(Expr::col(column).like(containing(text)))
        };
        Condition::all()
            .add_option(q.as_ref().map(|text| {
                let name = contains(log::Column::ActorName, text);
                Condition::any().add(name).add(contains(log::Column::Target, text))
            }))
            .add_option(actor.as_ref().map(|text| {
                let id = log::Column::ActorId.eq(text.as_str());
                Condition::any().add(contains(log::Column::ActorName, text)).add(id)
            }))
            .add_option(action.as_ref().map(|text| {
                if text.contains('.') {
                    log::Column::Action.eq(text.as_str())
                } else {
                    log::Column::Action.starts_with(format!("{text}."))
                }
            }))
            .add_option(target.as_ref().map(|text| contains(log::Column::Target, text)))
            .add_option(outcome.map(|o| log::Column::Outcome.eq(event::outcome_text(o))))
            .add_option(since.as_ref().map(|time| log::Column::Time.gte(micros(time))))
            .add_option(until.as_ref().map(|time| log::Column::Time.lt(micros(time))))
    }
}

/// How many entries there are, by the number of the newest: they have no gaps.
pub async fn number(db: &impl ConnectionTrait) -> Result<u64, DbErr> {
    Ok(last(db).await?.map_or(0, |last| u64::try_from(last.seq).unwrap_or(0)))
}

/// The newest entries before the one with number `before`.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
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
