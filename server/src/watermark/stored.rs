//! What is asked of the store: which one it is, and how far it has come.

use keyward_core::row::RowKey;
use keyward_core::set::SetName;
use keyward_core::watermark::{Position, Stored, is_id};
use keyward_migration::SchemaManager;
use sea_orm::{ConnectionTrait, DbErr};

use crate::audit::{AuditLog, lookup};
use crate::authenticity::store as sets;
use crate::database::{DatabaseConnection, StoreError, begin_read};
use crate::encryption::store;
use crate::encryption::wrapped_key::Purpose;

/// What is in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing, or tables without a store in them.
    Nothing,
    /// A store of an earlier version, which has no id yet.
    Unsigned,
    /// A store whose key for rows is gone: opening it says so.
    Broken,
    /// The id of a store: that of its key for rows, which is made once and goes along with every
    /// copy and backup.
    Store(String),
}

/// What is there, before anything is made.
pub async fn presence(db: &DatabaseConnection) -> Result<Presence, DbErr> {
    let moment = begin_read(db).await?;
    let found = if SchemaManager::new(&moment).has_table("encryption_keys").await? {
        of_keys(&moment).await?
    } else {
        Presence::Nothing
    };
    moment.commit().await?;
    Ok(found)
}

/// The same of a database that has the tables of this version.
pub async fn of_keys(db: &impl ConnectionTrait) -> Result<Presence, DbErr> {
    let keys = store::list(db).await?;
    let rows = keys.iter().find(|key| key.is_for(Purpose::Rows)).filter(|key| is_id(&key.id));
    Ok(match rows {
        Some(key) => Presence::Store(key.id.clone()),
        None if keys.is_empty() => Presence::Nothing,
        None if keys.iter().any(|key| key.is_wrapped_anew() || key.is_erased()) => Presence::Broken,
        None => Presence::Unsigned,
    })
}

/// How far it has come; none: what says so was changed from outside.
pub async fn position(
    db: &impl ConnectionTrait,
    audit: &AuditLog,
    rows: &RowKey,
) -> Result<Option<Position>, StoreError> {
    let generation = match sets::read_signed(db, SetName::Keys, rows).await {
        Ok(set) => set.n,
        Err(StoreError::Altered(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let end = audit.end(db).await?;
    Ok(end.map(|(seq, hash)| Position { generation, seq, hash }))
}

/// What is to be compared with what was seen. A generation that was changed from outside counts as
/// it is: the set does not open then.
pub async fn stored(db: &impl ConnectionTrait, seen: &Position) -> Result<Stored, DbErr> {
    let generation = sets::number(db, SetName::Keys).await?.unwrap_or_default();
    let (last, hash) = lookup::last_and_hash(db, seen.seq).await?;
    Ok(Stored { generation, last, hash })
}
