//! Users and sessions as an authenticated set: anyone who signs in, or comes with a session, is a
//! row of it, and that very version of the row.
//!
//! Threat: somebody who can write to the database adds a session, gives a user another password,
//! or puts back a session that was ended.
//!
//! The set is small, so each server knows all of it: the mac of each row, by its id. It is read
//! again, and added up, when its generation is another than the one that is known; between two
//! changes a request costs no more than its own row.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use keyward_core::row::{Authenticated, RowKey};
use keyward_core::set::{SetName, SetState, Tally};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, FromQueryResult, QueryResult, Statement,
};

use super::entity::{sessions, users};
use crate::audit::{Action, Actor, AuditLog};
use crate::authenticity::store as sets;
use crate::database::{DatabaseConnection, StoreError, begin_read};

/// The users and sessions of this installation. Cheap to clone.
#[derive(Clone)]
pub struct People(Arc<Inner>);

struct Inner {
    db: DatabaseConnection,
    rows: RowKey,
    known: RwLock<Option<Arc<Known>>>,
    /// The generation of the last change that this process made.
    made: AtomicI64,
    is_altered: AtomicBool,
}

/// The set at one generation, and the mac of each row, by its id.
struct Known {
    set: SetState,
    macs: HashMap<String, Vec<u8>>,
}

pub(super) trait Member: Authenticated {
    /// Its id, distinct among all rows of the set.
    fn id(&self) -> String;
}

impl Member for users::Model {
    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Member for sessions::Model {
    fn id(&self) -> String {
        self.token_hash.clone()
    }
}

impl People {
    /// The users and sessions in `db`.
    pub fn new(db: DatabaseConnection, rows: RowKey) -> Self {
        let (known, made, is_altered) = Default::default();
        Self(Arc::new(Inner { db, rows, known, made, is_altered }))
    }

    pub fn db(&self) -> &DatabaseConnection {
        &self.0.db
    }

    pub fn rows(&self) -> &RowKey {
        &self.0.rows
    }

    /// A change of this process is stored: the set never goes back before it.
    pub(super) fn made(&self, n: i64) {
        self.0.made.fetch_max(n, Ordering::SeqCst);
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

    /// Whether this row, found while the generation was `n`, is a row of the set.
    pub(super) async fn has(&self, row: &impl Member, n: Option<i64>) -> Result<bool, StoreError> {
        if !self.0.rows.is_ours(row) {
            return Ok(false);
        }
        let n = n.ok_or(StoreError::Altered(SetName::People))?;
        let known = self.known_at(Some(n)).await?;
        Ok(known.macs.get(&row.id()).map(Vec::as_slice) == row.mac())
    }

    /// The set as it is now, if its generation is not `n`, which is what the caller saw.
    async fn known_at(&self, n: Option<i64>) -> Result<Arc<Known>, StoreError> {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let made = self.0.made.load(Ordering::SeqCst);
        if let Some(known) = &known
            && n == Some(known.set.n)
            && known.set.n >= made
        {
            return Ok(known.clone());
        }
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
        let (mut tally, mut macs) = (Tally::default(), HashMap::new());
        self.add_up::<users::Model>(moment, "id", &mut tally, &mut macs).await?;
        self.add_up::<sessions::Model>(moment, "token_hash", &mut tally, &mut macs).await?;
        if tally.agrees_with(&stored) {
            Ok(Known { set: stored, macs })
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
        macs: &mut HashMap<String, Vec<u8>>,
    ) -> Result<(), DbErr> {
        let rows = &self.0.rows;
        let sql = format!("SELECT * FROM {}", R::TABLE);
        let all = Statement::from_string(moment.get_database_backend(), sql);
        for row in moment.query_all_raw(all).await? {
            let is_ours = readable::<R>(&row, "").is_some_and(|row| rows.is_ours(&row));
            let id: String = row.try_get("", id).unwrap_or_default();
            let mac: Option<Vec<u8>> = row.try_get("", "mac").unwrap_or_default();
            tally.add(rows.element_of(R::TABLE, &id, mac.as_deref()), is_ours);
            if is_ours {
                macs.extend(mac.map(|mac| (id, mac)));
            }
        }
        Ok(())
    }
}

/// The row, if its columns hold what they should. The driver panics at times that are none, such
/// as 'infinity' in PostgreSQL.
pub fn readable<R: FromQueryResult>(row: &QueryResult, prefix: &str) -> Option<R> {
    catch_unwind(AssertUnwindSafe(|| R::from_query_result(row, prefix))).ok()?.ok()
}

/// A change of users and sessions under way, in a transaction; all others wait for it.
pub(super) struct Change<'a> {
    rows: &'a RowKey,
    transaction: &'a DatabaseTransaction,
    known: Arc<Known>,
    set: SetState,
}

impl<'a> Change<'a> {
    /// Begins it. Refuses when the set is not as Keyward wrote it.
    pub(super) async fn begin(
        transaction: &'a DatabaseTransaction,
        people: &'a People,
        audit: &AuditLog,
    ) -> Result<Self, StoreError> {
        let rows = people.rows();
        let set = sets::lock_signed(transaction, SetName::People, rows).await?;
        audit.expect_present(transaction, SetName::People, set.n).await?;
        let known = people.0.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let known = match known.filter(|known| known.set == set) {
            Some(known) => known,
            None => Arc::new(people.read_at(transaction, set).await?),
        };
        Ok(Self { rows, transaction, known, set })
    }

    /// Whether there is no user and no session.
    pub(super) fn is_empty(&self) -> bool {
        self.set.count == 0
    }

    /// The mac for a row that is about to be stored, which is from now on in the set.
    pub(super) fn add<R: Member>(&mut self, row: &R) -> Vec<u8> {
        let mac = self.rows.sign(row).to_vec();
        self.set.add(self.rows.element_of(R::TABLE, &row.id(), Some(&mac)));
        mac
    }

    /// The row with this id is out of the set, whatever stands there; whether it was in it.
    pub(super) fn take<R: Member>(&mut self, id: &str) -> bool {
        let Some(mac) = self.known.macs.get(id) else { return false };
        self.set.take(self.rows.element_of(R::TABLE, id, Some(mac)));
        true
    }

    /// Stores the set; its generation from then on.
    pub(super) async fn finish(mut self) -> Result<i64, StoreError> {
        let raised = self.set.n.checked_add(1);
        self.set.n = raised.ok_or(StoreError::Exhausted("changes"))?;
        sets::put(self.transaction, SetName::People, self.rows, self.set).await?;
        Ok(self.set.n)
    }
}
