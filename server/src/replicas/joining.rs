//! How a server joins those of its store, and renews its lease.

use std::time::Duration;

use keyward_core::lease::{BootId, Generation, Next, POLL_EVERY};
use rand::TryRng;
use rand::rngs::SysRng;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use super::membership::{AsMember, Membership, locked};
use super::statements;
use super::terms;
use crate::clock::{Clock, boottime};
use crate::database::{StoreError, begin_write, commit};

/// How long a start waits for the first lease.
const START: Duration = Duration::from_secs(30);

/// As long as the column.
const LONGEST_ADDRESS: usize = 255;

impl Membership {
    /// Joins, once the keys are loaded, and waits for the first lease. Nothing to do for one that is
    /// alone.
    pub async fn start(&self) -> Result<(), StoreError> {
        let Some(member) = self.member() else { return Ok(()) };
        self.join(member).await?;
        let begun = boottime();
        while !self.is_leased() {
            match self.renew().await {
                Err(error) if boottime().since(begun) > START => return Err(error),
                Err(error) => tracing::warn!(%error, "no lease yet; trying again"),
                Ok(()) if boottime().since(begun) > START => {
                    return Err(StoreError::Unusable("no lease could be had".to_owned()));
                }
                Ok(()) => (),
            }
            // What was changed since the keys were loaded is followed by the loop.
            if self.must_follow() {
                break;
            }
            tokio::time::sleep(POLL_EVERY / 10).await;
        }
        Ok(())
    }

    pub(super) async fn join(&self, member: &AsMember) -> Result<(), StoreError> {
        if locked(&member.state).next() != Next::Join {
            return Ok(());
        }
        self.clear(member).await?;
        let mut random = [0; 16];
        SysRng.try_fill_bytes(&mut random)?;
        let boot = BootId(u128::from_le_bytes(random));
        let known = locked(&member.state).known();
        let transaction = begin_write(&member.db).await?;
        terms::expect(&transaction, &member.terms).await?;
        // From here on it may be there, whatever becomes of the commit.
        *locked(&member.inserted) = Some(boot);
        insert(&transaction, boot, &member.address, known).await?;
        commit(transaction).await?;
        self.change(|member| member.joined(boot));
        tracing::debug!(boot = statements::text(boot), "joined the servers of this store");
        Ok(())
    }

    /// Deletes the row that this server inserted last, so that nobody waits for it.
    pub(super) async fn clear(&self, member: &AsMember) -> Result<(), StoreError> {
        let inserted = *locked(&member.inserted);
        if let Some(boot) = inserted {
            member.session.rows(statements::leave(boot), member.limit()).await?;
            locked(&member.inserted).take_if(|last| *last == boot);
        }
        Ok(())
    }

    /// Asks for a lease, if there is something to ask for.
    pub(super) async fn renew(&self) -> Result<(), StoreError> {
        let Some(member) = self.member() else { return Ok(()) };
        let Some(renewal) = locked(&member.state).renewal(boottime()) else { return Ok(()) };
        let sql = statements::renew(renewal.boot, renewal.question);
        let rows = member.session.rows(sql, member.limit()).await?;
        let seen = rows.first().map(statements::read_history).transpose()?;
        let next = self.change(|member| {
            member.granted(renewal, seen);
            member.next()
        });
        if seen.is_none() {
            tracing::warn!("other servers have taken this one for lost; joining again");
        }
        if next != Some(Next::Nothing) {
            self.0.hints.changed();
        }
        Ok(())
    }
}

async fn insert(
    transaction: &DatabaseTransaction,
    boot: BootId,
    address: &str,
    known: Generation,
) -> Result<(), DbErr> {
    const SQL: &str = "INSERT INTO replicas \
        (boot, address, version, joined_at, beat, granted, applied) \
        SELECT $1, $2, $3, $4, 0, g.n, CASE WHEN EXISTS \
            (SELECT 1 FROM key_changes WHERE n = $5 AND mark = $6) THEN $5 ELSE 0 END \
        FROM generation g WHERE g.id = 1";
    let address: String = address.chars().take(LONGEST_ADDRESS).collect();
    let values = [
        statements::text(boot).into(),
        address.into(),
        env!("CARGO_PKG_VERSION").into(),
        Clock::System.now().into(),
        known.n.into(),
        known.mark.into(),
    ];
    let backend = ConnectionTrait::get_database_backend(transaction);
    let insert = Statement::from_sql_and_values(backend, SQL, values);
    transaction.execute_raw(insert).await.map(drop)
}
