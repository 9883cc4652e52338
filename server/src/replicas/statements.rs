//! What the store is asked. Only numbers are put into texts.

use std::time::Duration;

use keyward_core::lease::{BootId, Commit, Generation, Look, Question, Row, Seen, Terms};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

use crate::database::StoreError;

/// The channel of changes of the keys.
pub(super) const CHANGED: &str = "keyward_changed";
/// The channel of acknowledgements.
pub(super) const ACKNOWLEDGED: &str = "keyward_acknowledged";

/// Every promotion raises it. Fails on a standby.
const TIMELINE: &str =
    "(('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint)";

/// The newest change, and the mark of the one that is known.
fn history(known: i64) -> String {
    format!(
        "g.n AS n, (SELECT mark FROM key_changes WHERE n = g.n) AS mark, \
         (SELECT mark FROM key_changes WHERE n = {known}) AS at_known"
    )
}

/// Asks for the history, and for all servers: one row for each, and one with no server if there
/// is none.
pub(super) fn poll(question: Question) -> String {
    let history = history(question.known.n);
    format!(
        "SELECT {history}, pg_is_in_recovery() AS is_standby, r.boot, r.beat \
         FROM generation g LEFT JOIN replicas r ON true WHERE g.id = 1"
    )
}

/// The timeline, for a statement that stores it.
pub(super) fn timeline_now() -> &'static str {
    TIMELINE
}

/// The newest change; none: there was none that has a mark.
pub(super) async fn newest(db: &impl ConnectionTrait) -> Result<Option<Generation>, DbErr> {
    let sql = "SELECT c.n, c.mark FROM generation g JOIN key_changes c ON c.n = g.n WHERE g.id = 1";
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    let read = |row: QueryResult| {
        Ok(Generation { n: row.try_get("", "n")?, mark: row.try_get("", "mark")? })
    };
    row.map(read).transpose()
}

/// Asks for the history alone, in a transaction.
pub(super) async fn seen(
    db: &impl ConnectionTrait,
    question: Question,
) -> Result<Seen, StoreError> {
    let sql = format!("SELECT {} FROM generation g WHERE g.id = 1", history(question.known.n));
    Ok(read_history(&one(db, sql).await?)?)
}

/// The answer to a question about the history.
pub(super) fn read_history(row: &QueryResult) -> Result<Seen, DbErr> {
    let mark: Option<i64> = row.try_get("", "mark")?;
    let newest = Generation { n: row.try_get("", "n")?, mark: mark.unwrap_or_default() };
    Ok(Seen { newest, at_known: row.try_get("", "at_known")? })
}

/// Rule 3 of [`keyward_core::lease::member`].
pub(super) fn renew(boot: BootId, question: Question) -> String {
    let history = history(question.known.n);
    format!(
        "UPDATE replicas r SET granted = greatest(r.granted, g.n), beat = r.beat + 1 \
         FROM generation g WHERE r.boot = '{}' AND g.id = 1 RETURNING {history}",
        text(boot)
    )
}

/// Says that the changes up to this one are applied, if the store has it, and wakes those who wait
/// for it.
pub(super) fn acknowledge(boot: BootId, applied: Generation) -> String {
    let (boot, Generation { n, mark }) = (text(boot), applied);
    format!(
        "UPDATE replicas SET applied = greatest(applied, {n}) WHERE boot = '{boot}' \
         AND EXISTS (SELECT 1 FROM key_changes WHERE n = {n} AND mark = {mark}) \
         RETURNING pg_notify('{ACKNOWLEDGED}', '')::text"
    )
}

/// Deletes a row, by its own server.
pub(super) fn leave(boot: BootId) -> String {
    format!(
        "DELETE FROM replicas WHERE boot = '{}' RETURNING pg_notify('{ACKNOWLEDGED}', '')::text",
        text(boot)
    )
}

/// As it stands in the store.
pub(super) fn text(boot: BootId) -> String {
    format!("{:032x}", boot.0)
}

/// What stands in the store; none: nothing that could be one.
pub(super) fn boot(text: &str) -> Option<BootId> {
    u128::from_str_radix(text, 16).ok().map(BootId).filter(|boot| self::text(*boot) == text)
}

/// Wakes the other servers when the transaction commits, and makes sure that the commit is on a
/// disk when it returns, also where the database is set up to answer sooner.
pub(super) async fn announce(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let sql = format!(
        "NOTIFY {CHANGED}; SELECT set_config('synchronous_commit', 'on', true) \
         WHERE current_setting('synchronous_commit') = 'off'"
    );
    db.execute_unprepared(&sql).await.map(drop)
}

/// The timeline of the transaction, and whether the store is settled on it.
pub(super) async fn timeline(db: &impl ConnectionTrait) -> Result<(u32, bool), StoreError> {
    let sql = format!(
        "SELECT {TIMELINE} AS now, (SELECT timeline FROM lease_terms WHERE id = 1) AS settled"
    );
    let row = one(db, sql).await?;
    let (now, settled): (i64, Option<i64>) = (row.try_get("", "now")?, row.try_get("", "settled")?);
    // Where no server ever joined, none has a lease.
    Ok((read_timeline(now)?, settled.is_none_or(|settled| settled == now)))
}

fn read_timeline(now: i64) -> Result<u32, StoreError> {
    let odd = |_| StoreError::Unusable(format!("the database is on the odd timeline {now}"));
    u32::try_from(now).map_err(odd)
}

/// Stores the present timeline as the settled one, if it is this one.
pub(super) fn settle(timeline: u32) -> String {
    format!("UPDATE lease_terms SET timeline = {timeline} WHERE id = 1 AND {timeline} = {TIMELINE}")
}

/// Asks for what a revoker looks at.
pub(super) fn look(change: Generation) -> String {
    format!(
        "SELECT (SELECT mark FROM key_changes WHERE n = {}) AS mark, {TIMELINE} AS timeline, \
         t.lease_ms, t.alone_ms, r.boot, r.granted, r.applied \
         FROM (SELECT 1) AS one LEFT JOIN lease_terms t ON t.id = 1 LEFT JOIN replicas r ON true",
        change.n
    )
}

/// What a revoker looks at, and the terms that the servers have.
pub(super) fn read_look(all: &[QueryResult]) -> Result<(Look, Terms), StoreError> {
    let first = all.first().ok_or_else(nothing)?;
    let timeline = read_timeline(first.try_get("", "timeline")?)?;
    let terms = read_terms(first)?.unwrap_or_default();
    let mut look = Look { mark: first.try_get("", "mark")?, timeline, rows: Vec::new() };
    for row in all {
        let Some(id) = row.try_get::<Option<String>>("", "boot")? else { continue };
        let (granted, applied) = (row.try_get("", "granted")?, row.try_get("", "applied")?);
        // What is no id was put there by somebody else, and keeps nobody waiting for ever.
        if let Some(boot) = boot(&id) {
            look.rows.push(Row { boot, granted, applied });
        }
    }
    Ok((look, terms))
}

/// The terms in a row; none: no server ever joined.
pub(super) fn read_terms(row: &QueryResult) -> Result<Option<Terms>, StoreError> {
    let lease: Option<i32> = row.try_get("", "lease_ms")?;
    let alone: Option<i32> = row.try_get("", "alone_ms")?;
    let Some((lease, alone)) = lease.zip(alone) else { return Ok(None) };
    let millis = |ms: i32| Duration::from_millis(ms.try_into().unwrap_or_default());
    let terms = Terms::new(millis(lease), millis(alone));
    let odd = |error| StoreError::Unusable(format!("the stored terms of the leases: {error}"));
    terms.map(Some).map_err(odd)
}

/// Deletes rows whose leases without the change have ended, while the change is in the store.
pub(super) fn fence(rows: &[BootId], Commit { change, .. }: &Commit) -> String {
    let rows: Vec<String> = rows.iter().map(|boot| format!("'{}'", text(*boot))).collect();
    let (rows, Generation { n, mark }) = (rows.join(", "), *change);
    format!(
        "DELETE FROM replicas WHERE boot IN ({rows}) AND granted < {n} \
         AND EXISTS (SELECT 1 FROM key_changes WHERE n = {n} AND mark = {mark})"
    )
}

pub(super) async fn one(db: &impl ConnectionTrait, sql: String) -> Result<QueryResult, StoreError> {
    let asked = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    asked.ok_or_else(nothing)
}

pub(super) fn nothing() -> StoreError {
    StoreError::Unusable("the row of the generation is missing".to_owned())
}
