//! Queries on users and sessions.

use keyward_api::session::Email;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Statement,
};
use time::{Duration, OffsetDateTime};

use super::entity::{sessions, users};
use super::people::readable;
use crate::database::DatabaseConnection;

/// A session that is not used ends after this time.
pub const IDLE: Duration = Duration::hours(12);
pub const ABSOLUTE: Duration = Duration::days(7);
/// Whether anybody can sign in. While nobody can, setup is open.
pub async fn has_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().count(db).await? > 0)
}

/// The row of the user with this address. Whether Keyward wrote it is another question.
pub(super) async fn find_user(
    db: &DatabaseConnection,
    email: &Email,
) -> Result<Option<users::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM users WHERE email = $1";
    let values = [email.as_str().into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, values);
    Ok(db.query_one_raw(find).await?.and_then(|row| readable::<users::Model>(&row, "")))
}

/// The hashes of the tokens of sessions that have ended.
pub(super) async fn ended(
    transaction: &DatabaseTransaction,
    now: OffsetDateTime,
) -> Result<Vec<String>, DbErr> {
    let ended = Condition::any()
        .add(sessions::Column::ExpiresAt.lte(now))
        .add(sessions::Column::LastSeenAt.lte(now - IDLE));
    sessions::Entity::find()
        .select_only()
        .column(sessions::Column::TokenHash)
        .filter(ended)
        .into_tuple::<String>()
        .all(transaction)
        .await
}

pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    session: sessions::Model,
) -> Result<(), DbErr> {
    let session = session.into_active_model();
    sessions::Entity::insert(session).exec_without_returning(transaction).await.map(drop)
}

pub(super) async fn delete(
    transaction: &DatabaseTransaction,
    token_hash: String,
) -> Result<(), DbErr> {
    sessions::Entity::delete_by_id(token_hash).exec(transaction).await.map(drop)
}

/// The session with this token, with its user, and the generation of both.
pub(super) async fn find_session(
    db: &DatabaseConnection,
    token_hash: &str,
) -> Result<Option<(sessions::Model, users::Model, Option<i64>)>, DbErr> {
    // At once, so that nothing changes in between.
    const SQL: &str = "SELECT s.token_hash AS s_token_hash, s.user_id AS s_user_id, \
        s.created_at AS s_created_at, s.last_seen_at AS s_last_seen_at, \
        s.expires_at AS s_expires_at, s.mac AS s_mac, s.seen_mac AS s_seen_mac, u.id AS u_id, u.email AS u_email, \
        u.password_hash AS u_password_hash, u.created_at AS u_created_at, u.mac AS u_mac, \
        (SELECT n FROM generation WHERE id = 3) AS n \
        FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1";
    let values = [token_hash.into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, values);
    let Some(row) = db.query_one_raw(find).await? else { return Ok(None) };
    let (session, user) = (readable(&row, "s_"), readable(&row, "u_"));
    let n = row.try_get("", "n").unwrap_or_default();
    Ok(session.zip(user).map(|(session, user)| (session, user, n)))
}
