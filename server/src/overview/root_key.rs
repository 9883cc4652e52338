//! That somebody keeps a copy of the root key: a row of its own type for each root key, so that a
//! change of the root key asks again.

use keyward_core::row::RowKey;
use sea_orm::{ConnectionTrait, DbErr, SqlErr};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::{Action, Actor, AuditLog};
use crate::database::{DatabaseConnection, StoreError, begin_write, commit};
use crate::settings::{self, FoundRow, RowType};

/// Whether somebody said that a copy of the root key with this id is kept. A row that Keyward did
/// not write says nothing.
pub async fn is_kept(
    db: &impl ConnectionTrait,
    rows: &RowKey,
    root_key: &str,
) -> Result<bool, DbErr> {
    let found = settings::found_by_key(db, RowType::RootKeyKept, root_key).await?;
    Ok(matches!(found, Some(FoundRow::Whole(row)) if rows.is_ours(&row)))
}

/// Remembers it, and records who said so; once.
pub async fn keep(
    db: &DatabaseConnection,
    audit: &AuditLog,
    rows: &RowKey,
    root_key: &str,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let transaction = begin_write(db).await?;
    let kind = RowType::RootKeyKept;
    match settings::found_by_key(&transaction, kind, root_key).await? {
        Some(FoundRow::Whole(row)) if rows.is_ours(&row) => return Ok(()),
        Some(foreign) => _ = settings::delete(&transaction, kind, foreign.id()).await?,
        None => (),
    }
    let (id, value) = (Uuid::now_v7().to_string(), "{}".to_owned());
    let inserted = settings::insert(&transaction, rows, kind, &id, root_key, value, now).await;
    match inserted {
        Ok(_) => (),
        // Somebody else said so at the same time.
        Err(error) if is_taken(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let event = actor.did(Action::EncryptionKeep, Some(format!("the root key {root_key}")));
    audit.append(&transaction, event).await?;
    commit(transaction).await
}

fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
