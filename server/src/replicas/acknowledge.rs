//! Waiting until a change that takes authority away is in effect on every server. What is decided
//! is in [`keyward_core::lease::revocation`].

use std::time::Duration;

use keyward_api::replicas::Effective;
use keyward_core::lease::{BootId, Commit, Decision, Generation, Look, Terms, revocation};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Statement};

use super::membership::{Kind, Membership};
use super::statements;
use crate::background::with_timeout;
use crate::clock::boottime;
use crate::database::{DatabaseConnection, StoreError, commit};

/// Beyond the longest lease: for the database to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Commits the change with this number and mark.
pub async fn commit_change(
    transaction: DatabaseTransaction,
    change: Generation,
) -> Result<Commit, StoreError> {
    let (timeline, is_settled) = match ConnectionTrait::get_database_backend(&transaction) {
        DbBackend::Postgres => {
            statements::announce(&transaction).await?;
            statements::timeline(&transaction).await?
        }
        _ => (0, true),
    };
    commit(transaction).await?;
    Ok(Commit { change, returned: boottime(), timeline, is_settled })
}

/// As if the newest change that this transaction sees had just been made: for who is answered that
/// what they ask for is so already.
pub async fn seen_change(transaction: DatabaseTransaction) -> Result<Option<Commit>, StoreError> {
    if ConnectionTrait::get_database_backend(&transaction) != DbBackend::Postgres {
        transaction.rollback().await?;
        return Ok(None);
    }
    let Some(change) = statements::newest(&transaction).await? else {
        transaction.rollback().await?;
        return Ok(None);
    };
    let (timeline, is_settled) = statements::timeline(&transaction).await?;
    transaction.rollback().await?;
    Ok(Some(Commit { change, returned: boottime(), timeline, is_settled }))
}

impl Membership {
    /// Waits until the change is in effect on every server: until each has said so, or has had no
    /// lease without it for certain.
    pub async fn wait(
        &self,
        db: &DatabaseConnection,
        commit: Commit,
    ) -> Result<Effective, StoreError> {
        if db.get_database_backend() != DbBackend::Postgres {
            let acknowledged = u32::from(matches!(self.0.kind, Kind::Alone));
            let generation = commit.change.n;
            return Ok(Effective { generation, acknowledged, fenced: 0, waited_ms: 0 });
        }
        let mut terms = Terms::default();
        loop {
            let mut woken = self.0.hints.watch_acknowledgements();
            let look = match self.look_at(db, commit.change).await {
                Ok((look, stored)) => {
                    terms = stored;
                    Ok(look)
                }
                Err(error) => Err(error),
            };
            let now = boottime();
            let until = match look {
                Ok(look) => match commit.decide(&terms, &look, self.own(), now) {
                    Decision::Wait(until) => until,
                    Decision::Lost => {
                        return Err(StoreError::Unknown("the database does not list it any more"));
                    }
                    Decision::Done { effective, fence, settle } => {
                        tokio::spawn(conclude(db.clone(), commit, fence, settle));
                        return Ok(said(effective));
                    }
                },
                Err(error) if now < commit.outlives(&terms).after(PATIENCE) => {
                    tracing::warn!(%error, "whether a change is in effect everywhere cannot be seen; trying again");
                    now.after(Duration::from_millis(500))
                }
                Err(_) => return Err(StoreError::Unknown("the database does not answer")),
            };
            let pause = until.since(boottime());
            let _ = tokio::time::timeout(pause, woken.changed()).await;
        }
    }

    /// What there is to decide about. By the connection of the lease, so that a queue of requests
    /// holds no answer up.
    async fn look_at(
        &self,
        db: &DatabaseConnection,
        change: Generation,
    ) -> Result<(Look, Terms), StoreError> {
        let sql = statements::look(change);
        let rows = if let Some(member) = self.member() {
            member.session.rows(sql, member.limit()).await?
        } else {
            let sql = Statement::from_string(db.get_database_backend(), sql);
            with_timeout(db.query_all_raw(sql)).await?
        };
        statements::read_look(&rows)
    }

    /// Of a change of people, which every server asks the store about for each of their requests:
    /// it is in effect as soon as it is committed.
    pub fn at_once(&self, generation: i64) -> Effective {
        Effective { generation, acknowledged: self.servers().get(), fenced: 0, waited_ms: 0 }
    }
}

/// Deletes the silent, and settles, after the answer. If that fails, the next one who revokes waits
/// again.
async fn conclude(db: DatabaseConnection, commit: Commit, fence: Vec<BootId>, settle: Option<u32>) {
    let mut all = Vec::new();
    if !fence.is_empty() {
        tracing::warn!(servers = fence.len(), "servers that are silent were taken for lost");
        all.push(statements::fence(&fence, &commit));
    }
    all.extend(settle.map(statements::settle));
    for sql in all {
        if let Err(error) = with_timeout(db.execute_unprepared(&sql)).await {
            tracing::warn!(%error, "the next revocation waits as long as this one");
        }
    }
}

fn said(effective: revocation::Effective) -> Effective {
    let revocation::Effective { generation, acknowledged, fenced, waited } = effective;
    Effective {
        generation,
        acknowledged: u32::try_from(acknowledged).unwrap_or(u32::MAX),
        fenced: u32::try_from(fenced).unwrap_or(u32::MAX),
        waited_ms: u64::try_from(waited.as_millis()).unwrap_or(u64::MAX),
    }
}
