//! How long leases are. Stored, so that all servers and commands of a store go by the same; changed
//! only while no server holds a lease.

use std::time::Duration;

use keyward_core::lease::Terms;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};

use super::statements;
use crate::database::{DatabaseConnection, StoreError, begin_write, commit};

/// Beyond the longest lease.
const MARGIN: Duration = Duration::from_secs(1);

/// Makes these the terms of the store, or fails: servers that run have others.
pub async fn agree(db: &DatabaseConnection, wanted: &Terms) -> Result<(), StoreError> {
    if db.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let Some((stored, beats)) = try_to_store(db, wanted, false).await? else { return Ok(()) };
    tracing::info!("leases were of another length here; looking whether a server still has one");
    tokio::time::sleep(stored.wait() + MARGIN).await;
    // A row that did not change for so long has no lease, and a renewal since then changes it.
    for (boot, beat) in beats {
        let sql = "DELETE FROM replicas WHERE boot = $1 AND beat = $2";
        let values = [boot.into(), beat.into()];
        let delete = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
        db.execute_raw(delete).await?;
    }
    match try_to_store(db, wanted, true).await? {
        None => Ok(()),
        Some((stored, _)) => Err(StoreError::OtherTerms(stored, *wanted)),
    }
}

/// Stores them, unless servers have others: those, and the beat of each server.
async fn try_to_store(
    db: &DatabaseConnection,
    wanted: &Terms,
    has_waited: bool,
) -> Result<Option<(Terms, Vec<(String, i64)>)>, StoreError> {
    let transaction = begin_write(db).await?;
    let timeline = statements::timeline_now();
    let millis = |duration: Duration| i32::try_from(duration.as_millis()).unwrap_or(i32::MAX);
    let insert = format!(
        "INSERT INTO lease_terms (id, lease_ms, alone_ms, timeline) \
         VALUES (1, {}, {}, {timeline}) ON CONFLICT DO NOTHING",
        millis(wanted.lease()),
        millis(wanted.alone()),
    );
    transaction.execute_unprepared(&insert).await?;
    let stored = stored(&transaction, "FOR UPDATE").await?;
    if stored == *wanted {
        commit(transaction).await?;
        return Ok(None);
    }
    let beats = beats(&transaction).await?;
    // On a timeline that is not settled, the rows of servers that hold leases may be lost.
    let (_, is_settled) = statements::timeline(&transaction).await?;
    if beats.is_empty() && (is_settled || has_waited) {
        let update = format!(
            "UPDATE lease_terms SET lease_ms = {}, alone_ms = {} WHERE id = 1",
            millis(wanted.lease()),
            millis(wanted.alone()),
        );
        transaction.execute_unprepared(&update).await?;
        commit(transaction).await?;
        return Ok(None);
    }
    transaction.rollback().await?;
    Ok(Some((stored, beats)))
}

/// Fails when the store has other terms; they stay as they are until the transaction ends.
pub(super) async fn expect(
    transaction: &DatabaseTransaction,
    terms: &Terms,
) -> Result<(), StoreError> {
    match stored(transaction, "FOR SHARE").await? {
        stored if stored == *terms => Ok(()),
        stored => Err(StoreError::OtherTerms(stored, *terms)),
    }
}

async fn stored(transaction: &DatabaseTransaction, lock: &str) -> Result<Terms, StoreError> {
    let sql = format!("SELECT lease_ms, alone_ms FROM lease_terms WHERE id = 1 {lock}");
    let row = statements::one(transaction, sql).await?;
    statements::read_terms(&row)?.ok_or_else(statements::nothing)
}

async fn beats(transaction: &DatabaseTransaction) -> Result<Vec<(String, i64)>, DbErr> {
    let backend = ConnectionTrait::get_database_backend(transaction);
    let sql = Statement::from_string(backend, "SELECT boot, beat FROM replicas");
    let rows = transaction.query_all_raw(sql).await?;
    rows.iter().map(|row| Ok((row.try_get("", "boot")?, row.try_get("", "beat")?))).collect()
}
