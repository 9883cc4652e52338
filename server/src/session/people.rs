//! Users, sessions and invitations as an authenticated set: anyone who signs in, comes with a session
//! or accepts an invitation, is a row of it, and that very version of the row.
//!
//! Threat: somebody who can write to the database adds a session, gives a user another password,
//! or puts back a session that was ended.
//!
//! The set is small, so each server knows all of it ([`known`](super::known)). It is read again, and
//! added up, when its generation is another than the one that is known; between two changes a
//! request asks for no more than the generation, together with all others of the moment.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use keyward_core::row::RowKey;
use keyward_core::set::{SetName, SetState, Tally};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, Statement};

use tokio::sync::Mutex;

use super::entity::{invitations, sessions, users};
use super::known::{Known, Made, Member, Row};
use crate::audit::{Action, Actor, AuditLog};
use crate::authenticity::store as sets;
use crate::background::with_timeout;
use crate::database::{DatabaseConnection, StoreError, begin_read, readable};
use crate::joined::Joined;

/// How long a request of a person waits for the generation.
const PATIENCE: Duration = Duration::from_secs(5);

/// The users, sessions and invitations of this installation. Cheap to clone.
#[derive(Clone)]
pub struct People(Arc<Inner>);

struct Inner {
    db: DatabaseConnection,
    rows: RowKey,
    known: RwLock<Option<Arc<Known>>>,
    /// The generation of the set, which all requests of a moment ask for together.
    generation: Joined<Result<Option<i64>, StoreError>>,
    /// Held by the one who reads the set.
    reading: Mutex<()>,
    /// The generation of the last change that this process made.
    made: AtomicI64,
    is_altered: AtomicBool,
}

impl People {
    /// The users, sessions and invitations in `db`.
    pub fn new(db: DatabaseConnection, rows: RowKey) -> Self {
        let (known, generation, reading, made, is_altered) = Default::default();
        Self(Arc::new(Inner { db, rows, known, generation, reading, made, is_altered }))
    }

    pub fn db(&self) -> &DatabaseConnection {
        &self.0.db
    }

    pub fn rows(&self) -> &RowKey {
        &self.0.rows
    }

    /// A change of this process is stored: the set never goes back before it, and if nobody else
    /// changed it meanwhile, it need not be read again.
    pub(crate) fn made(&self, made: Made) {
        let Made { before, set, added, taken } = made;
        self.0.made.fetch_max(set.n, Ordering::SeqCst);
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_some_and(|known| known.set.n >= set.n) {
            return;
        }
        // What is known is let go first, so that it is changed where it is.
        let is_known = known.as_ref().is_some_and(|known| known.set == before.set);
        let mut after = if is_known {
            drop(before);
            known.take()
        } else {
            Some(before)
        };
        if let Some(after) = after.as_mut().map(Arc::make_mut) {
            after.set = set;
            for id in taken {
                after.rows.remove(&id);
            }
            after.rows.extend(added);
        }
        *known = after;
    }

    /// Whether the set did not hold when it was read last.
    pub fn altered(&self) -> bool {
        self.0.is_altered.load(Ordering::Relaxed)
    }

    pub async fn load(&self) -> Result<(), StoreError> {
        self.known_at(None).await.map(drop)
    }

    /// Looks whether the set holds, for those who ask how the server is; and records it when it
    /// does not, once.
    pub async fn watch(&self, audit: &AuditLog) -> Result<(), StoreError> {
        let was_altered = self.altered();
        let stored = sets::read_signed(&self.0.db, SetName::People, &self.0.rows).await;
        let looked = match stored {
            Ok(set) => self.known_at(Some(set.n)).await.map(drop),
            Err(error) => Err(error),
        };
        match looked {
            Ok(()) => self.0.is_altered.store(false, Ordering::Relaxed),
            Err(error @ StoreError::Altered(name)) => {
                self.0.is_altered.store(true, Ordering::Relaxed);
                if !was_altered {
                    tracing::error!(%error, "nobody can sign in");
                    let target = Some(name.rows().to_owned());
                    let event = Actor::system().did(Action::StoreAltered, target);
                    audit.record_all(&self.0.db, vec![event]).await?;
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The set as it is now, or was after the caller asked.
    pub(super) async fn known_now(&self) -> Result<Arc<Known>, StoreError> {
        let Inner { db, generation, .. } = &*self.0;
        let db = db.clone();
        let ask = || async move {
            // Everybody waits for this one answer.
            let asked = tokio::time::timeout(PATIENCE, sets::number(&db, SetName::People)).await;
            asked.map_or(Err(StoreError::TimedOut(PATIENCE)), |n| n.map_err(StoreError::from))
        };
        let n = generation.get(ask).await?.ok_or(StoreError::Altered(SetName::People))?;
        self.known_at(Some(n)).await
    }

    /// Whether this row, found while the generation was `n`, is a row of the set.
    pub(crate) async fn has(&self, row: &impl Member, n: Option<i64>) -> Result<bool, StoreError> {
        if !self.0.rows.is_ours(row) {
            return Ok(false);
        }
        let n = n.ok_or(StoreError::Altered(SetName::People))?;
        let known = self.known_at(Some(n)).await?;
        Ok(known.mac(&row.id()) == row.mac())
    }

    /// The set as it is now, if its generation is not `n`, which is what the caller saw.
    pub(super) async fn known_at(&self, n: Option<i64>) -> Result<Arc<Known>, StoreError> {
        if let Some(known) = self.known_if_at(n) {
            return Ok(known);
        }
        with_timeout(self.read_in_turn(n.is_some())).await
    }

    /// One reads it, however many found that it has changed: the others ask once more what it is.
    async fn read_in_turn(&self, asks: bool) -> Result<Arc<Known>, StoreError> {
        let _turn = self.0.reading.lock().await;
        let n = if asks { sets::number(&self.0.db, SetName::People).await? } else { None };
        if let Some(known) = self.known_if_at(n) {
            return Ok(known);
        }
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let made = self.0.made.load(Ordering::SeqCst);
        let found = Arc::new(self.read().await?);
        if found.set.n < known.map_or(made, |known| known.set.n.max(made)) {
            // Put back to an earlier day: sessions that were ended since are in it.
            return Err(StoreError::Altered(SetName::People));
        }
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.set.n < found.set.n) {
            *known = Some(found.clone());
        }
        Ok(found)
    }

    /// The set `set`, which is stored in this transaction.
    pub(super) async fn known_as(
        &self,
        transaction: &DatabaseTransaction,
        set: SetState,
    ) -> Result<Arc<Known>, StoreError> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known.filter(|known| known.set == set) {
            Some(known) => Ok(known),
            None => Ok(Arc::new(self.read_at(transaction, set).await?)),
        }
    }

    fn known_if_at(&self, n: Option<i64>) -> Option<Arc<Known>> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let made = self.0.made.load(Ordering::SeqCst);
        known.filter(|known| n == Some(known.set.n) && known.set.n >= made)
    }

    async fn read(&self) -> Result<Known, StoreError> {
        let moment = begin_read(&self.0.db).await?;
        let stored = sets::read_signed(&moment, SetName::People, &self.0.rows).await?;
        self.read_at(&moment, stored).await
    }

    /// The rows of the set `stored`, as they are in this transaction.
    async fn read_at(
        &self,
        moment: &DatabaseTransaction,
        stored: SetState,
    ) -> Result<Known, StoreError> {
        let (mut tally, mut known) = (Tally::default(), Known { set: stored, ..Known::default() });
        self.add_up::<users::Model>(moment, "id", &mut tally, &mut known).await?;
        self.add_up::<sessions::Model>(moment, "token_hash", &mut tally, &mut known).await?;
        self.add_up::<invitations::Model>(moment, "id", &mut tally, &mut known).await?;
        if tally.agrees_with(&stored) {
            Ok(known)
        } else {
            Err(StoreError::Altered(SetName::People))
        }
    }

    /// Adds the rows of a table up. One that cannot be read is somebody else's.
    async fn add_up<R: Member + FromQueryResult>(
        &self,
        moment: &DatabaseTransaction,
        id: &str,
        tally: &mut Tally,
        known: &mut Known,
    ) -> Result<(), DbErr> {
        let rows = &self.0.rows;
        let sql = format!("SELECT * FROM {}", R::TABLE);
        let all = Statement::from_string(moment.get_database_backend(), sql);
        for row in moment.query_all_raw(all).await? {
            let ours = readable::<R>(&row, "").filter(|row| rows.is_ours(row));
            let id: String = row.try_get("", id).unwrap_or_default();
            let mac: Option<Vec<u8>> = row.try_get("", "mac").unwrap_or_default();
            tally.add(rows.element_of(R::TABLE, &id, mac.as_deref()), ours.is_some());
            if let Some((ours, mac)) = ours.zip(mac) {
                let columns = ours.columns(mac.clone(), rows, false);
                known.rows.insert(id, Row { mac, columns });
            }
        }
        Ok(())
    }
}
