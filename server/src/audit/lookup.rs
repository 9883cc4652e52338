//! What is asked of the log without reading all of it. Each query goes by one of the indexes of the
//! migration `m0011`, whose conditions stand in it word for word, and reads a bounded number of
//! rows however long the log is.

use std::collections::HashMap;

use keyward_api::audit::Action;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, Statement};
use time::OffsetDateTime;

use super::entity::{log, micros};
use super::folded::counted;

/// Of refusals, the last ones are counted. They are few: those of one kind are folded.
const REFUSALS: usize = 5_000;

/// The condition of the index of changes.
const CHANGES: &str = "outcome = 'success' AND action NOT IN ('secret.read', 'provider.resolve')";

/// The last entries about something that was changed, the newest first.
pub async fn last_changes(
    db: &impl ConnectionTrait,
    limit: usize,
) -> Result<Vec<log::Model>, DbErr> {
    let changes = Action::ALL.iter().filter(|action| action.is_change());
    // The last ones of each kind, and of those the last.
    let each = changes.map(|action| {
        let action = action.as_str();
        format!(
            "SELECT seq FROM (SELECT seq FROM audit_log WHERE action = '{action}' AND {CHANGES} \
             ORDER BY seq DESC LIMIT {limit}) AS last"
        )
    });
    let each = each.collect::<Vec<_>>().join(" UNION ALL ");
    let sql = format!(
        "SELECT * FROM audit_log WHERE seq IN \
         (SELECT seq FROM ({each}) AS changes ORDER BY seq DESC LIMIT {limit}) ORDER BY seq DESC"
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    log::Entity::find().from_raw_sql(statement).all(db).await
}

/// The number of the last entry in which somebody said that a break is known; 0: there is none.
pub async fn last_acknowledgement(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let sql = format!(
        "SELECT seq FROM audit_log WHERE action = '{}' AND {CHANGES} ORDER BY seq DESC LIMIT 1",
        Action::AuditAcknowledge.as_str()
    );
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "seq"))
}

/// The number of the last entry, 0 when there is none, and the hash of the one with this number, if
/// it is there. What somebody put behind the head of the log is no entry.
pub async fn last_and_hash(
    db: &impl ConnectionTrait,
    seq: i64,
) -> Result<(i64, Option<Vec<u8>>), DbErr> {
    let last = super::store::extent(db).await?.map_or(0, |(_, last)| last);
    let sql = Statement::from_string(db.get_database_backend(), "SELECT seq FROM audit_head");
    let head = db.query_one_raw(sql).await?.map(|row| row.try_get("", "seq")).transpose()?;
    let last = head.map_or(last, |head: i64| last.min(head));
    let entry = log::Entity::find_by_id(seq).one(db).await?;
    Ok((last, entry.map(|entry| entry.entry_hash)))
}

/// The last time that the value of the secret with this key was handed out.
pub async fn last_read(db: &impl ConnectionTrait, key: &str) -> Result<Option<log::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM audit_log WHERE target = $1 AND action = 'secret.read' \
        AND outcome = 'success' ORDER BY seq DESC LIMIT 1";
    let statement = Statement::from_sql_and_values(db.get_database_backend(), SQL, [key.into()]);
    log::Entity::find().from_raw_sql(statement).one(db).await
}

/// How the detail of a backup begins that is on the disk.
const FINISHED: &str = "sha256 ";

/// The detail of a backup that is on the disk.
pub fn finished_backup(sha256: &str) -> String {
    format!("{FINISHED}{sha256}")
}

/// When everything was written to a file the last time, as far as the log goes back.
pub async fn last_backup(db: &impl ConnectionTrait) -> Result<Option<OffsetDateTime>, DbErr> {
    let sql = format!(
        "SELECT * FROM audit_log WHERE action = '{}' AND {CHANGES} AND detail LIKE '{FINISHED}%' \
         ORDER BY seq DESC LIMIT 1",
        Action::StoreBackup.as_str()
    );
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let last = log::Entity::find().from_raw_sql(statement).one(db).await?;
    Ok(last.and_then(|entry| {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(entry.time) * 1_000).ok()
    }))
}

/// How often each address was refused since then, in no order. Of very many refusals, the last
/// ones count.
pub async fn refused_since(
    db: &impl ConnectionTrait,
    since: OffsetDateTime,
) -> Result<HashMap<String, u64>, DbErr> {
    // The last ones first, and only then by their time: the index does not know it.
    let sql = format!(
        "SELECT address, detail FROM (SELECT time, address, detail FROM audit_log \
         WHERE outcome = 'refused' ORDER BY seq DESC LIMIT {REFUSALS}) AS last \
         WHERE time >= $1 AND address IS NOT NULL"
    );
    let values = [micros(since).into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let mut found = HashMap::new();
    for row in db.query_all_raw(find).await? {
        let detail: Option<String> = row.try_get("", "detail").unwrap_or_default();
        let count = counted(detail.as_deref());
        let sum: &mut u64 = found.entry(row.try_get("", "address")?).or_default();
        *sum = sum.saturating_add(count);
    }
    Ok(found)
}
