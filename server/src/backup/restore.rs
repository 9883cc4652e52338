//! From a backup that was looked through into an empty store.

use futures_util::{TryStreamExt, pin_mut};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Statement};

use super::load::Loaded;
use super::rows::{self, Inserter};
use super::{BackupError, Progress, tables};
use crate::audit::{Action, Actor};
use crate::database::{
    AdvisoryLock, DatabaseConnection, StoreError, begin_locked, begin_read, begin_write, lock,
    schema,
};
use crate::session::ending;
use crate::session::people::People;

/// The table whose rows a migration writes.
const WRITTEN_BY_MIGRATIONS: &str = "generation";

/// Writes what was loaded from `name` into an empty store, in one transaction. What was done
/// beside, for a person.
pub async fn restore(
    loaded: &Loaded,
    db: &DatabaseConnection,
    name: &str,
    progress: &Progress<'_>,
) -> Result<String, BackupError> {
    let done = end_access(loaded, name).await?;
    let transaction = begin_locked(db, AdvisoryLock::Migrate).await?;
    schema::migrate_in(&transaction).await?;
    // A server that starts meanwhile has its keys made before this, or waits and finds those of
    // the backup.
    for locked in [AdvisoryLock::Keys, AdvisoryLock::Setup] {
        lock(&transaction, locked).await?;
    }
    let tables = tables::all();
    for (_, table) in &tables {
        if table.name == WRITTEN_BY_MIGRATIONS {
            rows::clear(&transaction, table).await?;
        } else if !is_empty(&transaction, &table.name).await? {
            return Err(BackupError::NotEmpty);
        }
    }
    let (moment, mut total) = (begin_read(&loaded.store.db).await?, 0);
    for (sorted_by, table) in &tables {
        let mut inserter = Inserter::new(&transaction, table, db.is_behind_pooler());
        let found = rows::stream(&moment, sorted_by, table).await?;
        pin_mut!(found);
        while let Some(row) = found.try_next().await? {
            inserter.put(row).await?;
            total += 1;
            progress(total);
        }
        inserter.finish().await?;
    }
    transaction.commit().await?;
    Ok(done)
}

async fn is_empty(transaction: &DatabaseTransaction, table: &str) -> Result<bool, BackupError> {
    let sql = format!("SELECT 1 AS one FROM \"{table}\" LIMIT 1");
    let backend = ConnectionTrait::get_database_backend(transaction);
    let found = transaction.query_one_raw(Statement::from_string(backend, sql)).await?;
    Ok(found.is_none())
}

/// Ends what gave people access at the time of the backup, and records the restore.
async fn end_access(loaded: &Loaded, name: &str) -> Result<String, BackupError> {
    let (db, unlocked) = (&loaded.store.db, &loaded.unlocked);
    let people = People::new(db.clone(), unlocked.rows.clone());
    let event = Actor::command_line().did(Action::StoreRestore, Some(name.to_owned()));
    if loaded.findings.is_empty() {
        return Ok(ending::end_everything(&people, &unlocked.audit, event).await?);
    }
    let ended = match ending::end_everything(&people, &unlocked.audit, event.clone()).await {
        Err(StoreError::Altered(_)) => None,
        ended => Some(ended?),
    };
    // Also those that somebody else put there, which `keyward store accept` would make good.
    let transaction = begin_write(db).await?;
    for table in ["sessions", "invitations"] {
        transaction.execute_unprepared(&format!("DELETE FROM {table}")).await?;
    }
    let done = "all sessions and invitations deleted".to_owned();
    if ended.is_none() {
        let event = event.with_detail(done.clone());
        unlocked.audit.append_unasked(&transaction, event).await?;
    }
    transaction.commit().await?;
    Ok(done)
}
