//! The tables: whether there are any, whether this program knows them, and bringing them up
//! to date.

use std::collections::HashSet;

use keyward_migration::{Migrator, MigratorTrait, SchemaManager};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use super::connection::DatabaseConnection;
use super::error::OpenError;
use super::transaction::{AdvisoryLock, begin_locked, begin_read};

/// Where the migrations that were run are recorded.
const APPLIED: &str = "seaql_migrations";

/// Runs all migrations that are missing, once, however many processes ask at a time: they
/// take turns on a lock that lasts as long as the transaction. A store that a newer program
/// made is left as it is.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), OpenError> {
    let transaction = begin_locked(db, AdvisoryLock::Migrate).await?;
    migrate_in(&transaction).await?;
    Ok(transaction.commit().await?)
}

/// The same in a transaction that has the lock.
pub async fn migrate_in(transaction: &DatabaseTransaction) -> Result<(), OpenError> {
    if let Some(newest) = unknown_migration(transaction).await? {
        return Err(OpenError::Newer(newest));
    }
    Ok(Migrator::up(transaction, None).await?)
}

/// Runs the migrations of an empty database up to this one; whether there is such a one.
pub async fn migrate_to(transaction: &DatabaseTransaction, name: &str) -> Result<bool, DbErr> {
    let place = Migrator::migrations().iter().position(|step| step.name() == name);
    let steps = place.and_then(|place| u32::try_from(place + 1).ok());
    match steps {
        None => Ok(false),
        steps => Migrator::up(transaction, steps).await.map(|()| true),
    }
}

/// The name of the newest migration that was run.
pub async fn newest_applied(transaction: &DatabaseTransaction) -> Result<String, DbErr> {
    let sql = format!("SELECT max(version) AS version FROM {APPLIED}");
    let statement = Statement::from_string(transaction.get_database_backend(), sql);
    let found = transaction.query_one_raw(statement).await?;
    found.map_or(Ok(String::new()), |row| row.try_get("", "version"))
}

/// The name of the newest migration that this program knows, to which each store that it opens
/// is brought.
pub fn newest_migration() -> String {
    Migrator::migrations().last().map(|step| step.name().to_owned()).unwrap_or_default()
}

/// Whether anybody ever made a store in this database.
pub async fn is_store(db: &DatabaseConnection) -> Result<bool, DbErr> {
    let moment = begin_read(db).await?;
    let found = SchemaManager::new(&moment).has_table(APPLIED).await?;
    moment.commit().await?;
    Ok(found)
}

/// The newest migration that was run and that this program does not know.
async fn unknown_migration(transaction: &DatabaseTransaction) -> Result<Option<String>, DbErr> {
    if !SchemaManager::new(transaction).has_table(APPLIED).await? {
        return Ok(None);
    }
    let sql = format!("SELECT version FROM {APPLIED} ORDER BY version DESC");
    let statement = Statement::from_string(transaction.get_database_backend(), sql);
    let rows = transaction.query_all_raw(statement).await?;
    let mut versions = rows.iter().map(|row| row.try_get::<String>("", "version"));
    let known: HashSet<String> =
        Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    versions.find(|version| !version.as_ref().is_ok_and(|v| known.contains(v))).transpose()
}
