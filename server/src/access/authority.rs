//! What authorised a request, and whether it is still good when its change commits.
//!
//! Between the moment a request is authorised and the commit of its change, the session may be
//! ended or the key deleted, disabled or narrowed. So the transaction of the change reads the
//! row of the credential once more, and on PostgreSQL locks it against changes until the
//! commit: of two that race, either the revocation waits for the change, or the change sees
//! the revocation and is refused. An answer that is sent in parts asks before each of them.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

use keyward_api::scopes::Scopes;
use keyward_core::digest::KeyDigest;
use keyward_core::networks;
use keyward_core::row::RowKey;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect, Select,
};
use time::OffsetDateTime;

use crate::database::StoreError;
use crate::keys::row::{self, StoredKey};
use crate::session::entity::sessions;
use crate::session::store::IDLE;
use crate::settings::{self, FoundRow, RowType};

/// The credential of a request. Ordered by what its row is found by.
#[derive(Clone, PartialEq, Eq)]
pub enum Authority {
    /// A session, by the hash of its token.
    Session(String),
    /// An API key, with the scopes that opened routes when the request was authorised.
    Key {
        id: String,
        digest: KeyDigest,
        scopes: Scopes,
        /// From where it was presented, as far as that is known.
        address: Option<IpAddr>,
    },
}

impl Authority {
    /// Refuses when the credential is no longer good at `now`; otherwise nobody can revoke it
    /// until the transaction ends.
    pub async fn hold(
        &self,
        transaction: &DatabaseTransaction,
        rows: &RowKey,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let is_good = match self {
            Self::Session(token_hash) => {
                let session = active(token_hash, now).lock_shared().one(transaction).await?;
                session.is_some_and(|session| rows.is_ours(&session))
            }
            Self::Key { id, .. } => {
                let row = settings::hold(transaction, RowType::ApiKey, id).await?;
                row.is_some_and(|row| self.is_key(rows, row, now))
            }
        };
        if is_good { Ok(()) } else { Err(StoreError::Revoked) }
    }

    /// Whether the credential is good at `now`. It may be revoked at once; so this is for what
    /// changes nothing.
    pub async fn is_good(
        &self,
        db: &impl ConnectionTrait,
        rows: &RowKey,
        now: OffsetDateTime,
    ) -> Result<bool, DbErr> {
        Ok(match self {
            Self::Session(token_hash) => {
                let session = active(token_hash, now).one(db).await?;
                session.is_some_and(|session| rows.is_ours(&session))
            }
            Self::Key { id, .. } => {
                let row = settings::find(db, RowType::ApiKey, id).await?;
                row.is_some_and(|row| self.is_key(rows, row, now))
            }
        })
    }

    /// Whether this row is that of the key, and accepts it.
    fn is_key(&self, rows: &RowKey, row: FoundRow, now: OffsetDateTime) -> bool {
        let Self::Key { digest, scopes, address, .. } = self else { return false };
        row::read(rows, row).is_ok_and(|key| {
            networks::allow(&key.networks, *address) && is_good_key(key, digest, scopes, now)
        })
    }
}

/// The session, unless it has ended.
fn active(token_hash: &str, now: OffsetDateTime) -> Select<sessions::Entity> {
    let now = now.truncate_to_second();
    let active = Condition::all()
        .add(sessions::Column::ExpiresAt.gt(now))
        .add(sessions::Column::LastSeenAt.gt(now - IDLE));
    sessions::Entity::find_by_id(token_hash.to_owned()).filter(active)
}

fn is_good_key(key: StoredKey, digest: &KeyDigest, scopes: &Scopes, now: OffsetDateTime) -> bool {
    let opening = key.opening_scopes();
    let held: Vec<_> = opening.iter().collect();
    let ends_at = if key.digest == *digest {
        key.record.expires_at
    } else if key.former == Some(*digest) {
        key.record.overlap.map(|overlap| overlap.ends_at)
    } else {
        return false;
    };
    key.record.enabled
        && ends_at.is_none_or(|end| end > now)
        && scopes.iter().all(|scope| held.contains(&scope))
}

impl Authority {
    fn row(&self) -> (bool, &str, Option<&[u8; 32]>, Vec<&str>, Option<IpAddr>) {
        match self {
            Self::Session(token_hash) => (false, token_hash, None, Vec::new(), None),
            Self::Key { id, digest, scopes, address } => {
                (true, id, Some(digest.as_bytes()), scopes.iter().collect(), *address)
            }
        }
    }
}

impl Ord for Authority {
    fn cmp(&self, other: &Self) -> Ordering {
        self.row().cmp(&other.row())
    }
}

impl PartialOrd for Authority {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Says which kind of credential, and nothing that finds it.
impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Session([redacted])",
            Self::Key { .. } => "Key([redacted])",
        })
    }
}
