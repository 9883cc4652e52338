//! The servers of the store, for people.

use std::net::SocketAddr;
use std::time::Duration;

use keyward_api::replicas::{Replica, Replicas};
use rustix::system::uname;
use sea_orm::{ConnectionTrait, Statement};
use time::OffsetDateTime;

use super::membership::{Membership, locked};
use super::statements;
use crate::clock::{Clock, boottime};
use crate::database::{DatabaseConnection, StoreError};

impl Membership {
    /// The servers of the store; this one alone on SQLite.
    pub async fn list(
        &self,
        db: &DatabaseConnection,
        this: &ThisServer,
    ) -> Result<Replicas, StoreError> {
        let generation = "SELECT n FROM generation WHERE id = 1".to_owned();
        let newest: i64 = statements::one(db, generation).await?.try_get("", "n")?;
        let Some(member) = self.member() else {
            let servers = vec![this.alone(newest)];
            return Ok(Replicas {
                generation: newest,
                lease_ms: None,
                without_database_ms: 0,
                servers,
            });
        };
        let sql = "SELECT boot, address, version, applied, CASE WHEN isfinite(joined_at) \
                   THEN joined_at ELSE '1970-01-01Z' END AS joined_at \
                   FROM replicas ORDER BY joined_at, boot LIMIT 1000";
        let all = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        let (own, now) = (self.own().map(|own| own.boot), boottime());
        let peers = locked(&member.peers);
        let mut servers = Vec::new();
        for row in &all {
            let id: String = row.try_get("", "boot")?;
            let applied: i64 = row.try_get("", "applied")?;
            let Some(boot) = statements::boot(&id) else { continue };
            let is_this = own == Some(boot);
            let silent = peers.silent(boot, now);
            let left = match self.0.lease.left() {
                Some(left) if is_this => left,
                _ => member.terms.wait().saturating_sub(silent),
            };
            servers.push(Replica {
                id,
                address: row.try_get("", "address")?,
                version: row.try_get("", "version")?,
                joined_at: row.try_get("", "joined_at")?,
                is_this,
                generation: applied,
                behind: newest.saturating_sub(applied).max(0),
                silent_ms: millis(silent),
                lease_left_ms: Some(millis(left)),
            });
        }
        Ok(Replicas {
            generation: newest,
            lease_ms: Some(millis(member.terms.lease())),
            without_database_ms: millis(member.terms.alone()),
            servers,
        })
    }
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct ThisServer {
    /// Where it listens.
    pub address: String,
    started_at: OffsetDateTime,
}

impl ThisServer {
    /// One that starts now, and listens there: the name of the machine says more than an address
    /// that means all of its own.
    pub fn at(address: SocketAddr) -> Self {
        let machine = uname();
        let machine = machine.nodename().to_string_lossy();
        let address = format!("{machine}:{}", address.port());
        Self { address, started_at: Clock::System.now() }
    }

    fn alone(&self, generation: i64) -> Replica {
        Replica {
            id: "this".to_owned(),
            address: self.address.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            joined_at: self.started_at,
            is_this: true,
            generation,
            behind: 0,
            silent_ms: 0,
            lease_left_ms: None,
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
