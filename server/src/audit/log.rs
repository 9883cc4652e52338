//! The log as the rest of the server holds it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use keyward_api::audit::{AuditOutcome, AuditProgress, BrokenEntry};
use keyward_core::chain::AuditKeys;
use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use time::OffsetDateTime;

use super::breaks::Verification;
use super::entity::head;
use super::event::Event;
use super::sets::{self, Generations, Newest};
use super::{answer, lookup, store, verify};
use crate::access::authority::Authority;
use crate::background::with_timeout;
use crate::batch::Batch;
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError, begin_write, commit};

/// How often a server checks the whole log by itself, so that the overview tells of an old entry
/// that was altered. A million entries take some seconds.
pub const CHECK: Duration = Duration::from_hours(6);

/// Appends entries and checks them. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog(Arc<Inner>);

struct Inner {
    keys: AuditKeys,
    rows: RowKey,
    clock: Clock,
    newest: Newest,
    batch: Batch<Event, Recorded>,
    /// Of the check that runs in this process; of several, one of them.
    progress: Mutex<Option<AuditProgress>>,
    /// What the last check of the whole log in this process found.
    checked: Mutex<Checked>,
}

/// What a check of the whole log found.
#[derive(Clone, Debug, Default)]
struct Checked {
    /// The number of the last entry that was there.
    through: i64,
    /// The first break that nobody knew of.
    broken: Option<BrokenEntry>,
}

type Recorded = Result<(), StoreError>;

/// What must still be good for the event to be recorded. A refusal is recorded anyway.
fn authority(event: &Event) -> Option<&Authority> {
    event.actor.authority.as_ref().filter(|_| event.outcome == AuditOutcome::Success)
}

impl AuditLog {
    /// The log whose macs are made with `keys`. `rows` checks the credentials of those who act.
    pub fn new(keys: AuditKeys, rows: RowKey, clock: Clock) -> Self {
        let (newest, batch) = (Newest::default(), Batch::default());
        let (progress, checked) = (Mutex::default(), Mutex::default());
        Self(Arc::new(Inner { keys, rows, clock, newest, batch, progress, checked }))
    }

    /// Records `event` in the transaction of what it is about, as its last statement; the
    /// change is refused when what authorised it was revoked meanwhile.
    pub async fn append(
        &self,
        transaction: &DatabaseTransaction,
        event: Event,
    ) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        if let Some(authority) = authority(&event) {
            authority.hold(transaction, &self.0.rows, now).await?;
        }
        self.append_all_unasked(transaction, vec![event], now).await
    }

    /// Records `event` in the transaction of what it is about, as its last statement, no matter
    /// who is behind it: for what the server does by itself, and for the end of a session.
    pub async fn append_unasked(
        &self,
        transaction: &DatabaseTransaction,
        event: Event,
    ) -> Result<(), StoreError> {
        self.append_all_unasked(transaction, vec![event], self.0.clock.now()).await
    }

    /// Records `event` for what changes nothing, such as a read. When this returns, it is on
    /// the disk. Those who come while another one records share the next transaction.
    pub async fn record(&self, db: &DatabaseConnection, event: Event) -> Result<(), StoreError> {
        let (this, db) = (self.clone(), db.clone());
        let record = move |events: Vec<Event>| -> BoxFuture<'static, Vec<Recorded>> {
            let (this, db, number) = (this.clone(), db.clone(), events.len());
            Box::pin(async move {
                let recorded = with_timeout(this.record_each(&db, events)).await;
                recorded.unwrap_or_else(|error| vec![Err(error); number])
            })
        };
        let stopped = || Err(StoreError::unanswered("the audit event"));
        self.0.batch.run(event, record).await.unwrap_or_else(stopped)
    }

    /// Records `events` in one transaction.
    pub async fn record_all(
        &self,
        db: &DatabaseConnection,
        events: Vec<Event>,
    ) -> Result<(), StoreError> {
        let transaction = begin_write(db).await?;
        self.append_all_unasked(&transaction, events, self.0.clock.now()).await?;
        commit(transaction).await
    }

    /// Records those of `events` whose authority is still good, and answers for each.
    async fn record_each(
        &self,
        db: &DatabaseConnection,
        events: Vec<Event>,
    ) -> Result<Vec<Recorded>, StoreError> {
        let transaction = begin_write(db).await?;
        let now = self.0.clock.now();
        // In one order, as the times of last use are written: of those who share a round, and
        // of that, none waits for the other.
        let distinct: BTreeSet<&Authority> = events.iter().filter_map(authority).collect();
        let mut revoked: Vec<&Authority> = Vec::new();
        for authority in distinct {
            match authority.hold(&transaction, &self.0.rows, now).await {
                Ok(()) => (),
                Err(StoreError::Revoked) => revoked.push(authority),
                Err(error) => return Err(error),
            }
        }
        let is_good = |event: &Event| !authority(event).is_some_and(|it| revoked.contains(&it));
        let answer = |event: &Event| if is_good(event) { Ok(()) } else { Err(StoreError::Revoked) };
        let answers: Vec<Recorded> = events.iter().map(answer).collect();
        let good: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        let events = events.into_iter().zip(good).filter_map(|(event, good)| good.then_some(event));
        let events: Vec<Event> = events.collect();
        if !events.is_empty() {
            self.append_all_unasked(&transaction, events, now).await?;
            commit(transaction).await?;
        }
        Ok(answers)
    }

    /// Records `events` in the transaction of what they are about, as its last statement, no
    /// matter who is behind them.
    pub(crate) async fn append_all_unasked(
        &self,
        transaction: &DatabaseTransaction,
        events: Vec<Event>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let Inner { keys, rows, newest, .. } = &*self.0;
        store::append(transaction, keys, rows, newest, events, now).await
    }

    /// Records `event` as the entry with which the active audit key takes over.
    pub async fn hand_over(
        &self,
        transaction: &DatabaseTransaction,
        event: Event,
    ) -> Result<(), StoreError> {
        let Inner { keys, rows, newest, clock, .. } = &*self.0;
        store::hand_over(transaction, keys, rows, newest, event, clock.now()).await
    }

    pub async fn verify(&self, db: &DatabaseConnection) -> Result<Verification, DbErr> {
        self.verify_with(db, |_| ()).await
    }

    /// Checks the whole log, and says how far it is.
    pub async fn verify_with(
        &self,
        db: &DatabaseConnection,
        progress: impl Fn(AuditProgress),
    ) -> Result<Verification, DbErr> {
        let Inner { keys, newest, .. } = &*self.0;
        let _running = Running(&self.0);
        let tell = |now| {
            self.0.set_progress(Some(now));
            progress(now);
        };
        let found = verify::verify(db, keys, newest, tell).await?;
        *self.0.checked() = Checked { through: found.last, broken: answer::broken(&found) };
        Ok(found)
    }

    /// The first break that nobody has acknowledged, as far as that is known without reading the
    /// whole log: what the last check of all of it in this process found, unless somebody
    /// acknowledged a break since, and what is wrong with the last entries and the head.
    pub async fn known_break(&self, db: &DatabaseConnection) -> Result<Option<BrokenEntry>, DbErr> {
        let Checked { through, broken } = self.0.checked().clone();
        if broken.is_some() && lookup::last_acknowledgement(db).await? <= through {
            return Ok(broken);
        }
        let Inner { keys, newest, .. } = &*self.0;
        let found = verify::verify_end(db, keys, newest).await?;
        // What is before the end was not looked at, and nothing is said of it.
        Ok(found.as_ref().map(answer::one))
    }

    /// Whether the whole log is as it was written, in a transaction that changes it.
    pub async fn is_valid(&self, transaction: &DatabaseTransaction) -> Result<bool, DbErr> {
        let newest = self.0.newest.seq.load(Ordering::SeqCst);
        Ok(verify::verify_at(transaction, &self.0.keys, newest, |_| ()).await?.is_valid())
    }

    /// What the end of the log says of the authenticated sets; `None`: nothing that is ours.
    pub async fn told_sets(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Option<Generations>, DbErr> {
        store::told_sets(transaction, &[self.0.keys.active()]).await
    }

    /// Refuses when a set, which has the generation `n`, is of an earlier day than the end of the
    /// log tells.
    pub async fn expect_present(
        &self,
        transaction: &DatabaseTransaction,
        name: SetName,
        n: i64,
    ) -> Result<(), StoreError> {
        let reported = self.told_sets(transaction).await?.unwrap_or_default();
        if n < sets::of(reported, name) { Err(StoreError::Altered(name)) } else { Ok(()) }
    }

    /// Number and hash of the last entry, by a head that is ours.
    pub async fn end(
        &self,
        db: &impl ConnectionTrait,
    ) -> Result<Option<(i64, [u8; 32])>, StoreError> {
        let head = store::stored_head(db).await?;
        let is_ours = |head: &head::Model| {
            self.0.keys.active().is_head(head.seq, &head.entry_hash, &head.mac)
        };
        let head = head.filter(is_ours);
        Ok(head.and_then(|head| Some((head.seq, head.entry_hash.try_into().ok()?))))
    }

    /// A set that was put back to an earlier day than the end of the log tells of.
    pub async fn set_put_back(
        &self,
        transaction: &DatabaseTransaction,
    ) -> Result<Option<SetName>, StoreError> {
        store::set_put_back(transaction, &self.0.keys, &self.0.rows).await
    }

    /// How far the check is that runs in this process.
    pub fn progress(&self) -> Option<AuditProgress> {
        *self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn checked(&self) -> MutexGuard<'_, Checked> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_progress(&self, progress: Option<AuditProgress>) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

struct Running<'a>(&'a Inner);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set_progress(None);
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditLog([redacted])")
    }
}
