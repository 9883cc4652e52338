//! Queries on users and sessions.

use keyward_api::roles::Role;
use keyward_api::session::Email;
use sea_orm::prelude::TextUuid;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use time::{Duration, OffsetDateTime};

use super::entity::{invitations, sessions, totp_secrets, users};
use crate::database::{DatabaseConnection, readable};
use crate::encryption::columns::SealedRow;

/// A session that is not used ends after this time.
pub const IDLE: Duration = Duration::hours(12);
pub const ABSOLUTE: Duration = Duration::days(7);
/// Whether anybody can sign in. While nobody can, setup is open.
pub async fn has_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().count(db).await? > 0)
}

/// The e-mail address of the administrator who is not disabled, when there is one only.
pub async fn only_admin(db: &impl ConnectionTrait) -> Result<Option<String>, DbErr> {
    let admins = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin.as_str()))
        .filter(users::Column::IsDisabled.eq(false));
    let two = admins.select_only().column(users::Column::Email).limit(2);
    let emails = two.into_tuple::<String>().all(db).await?;
    Ok(<[String; 1]>::try_from(emails).ok().map(|[email]| email))
}

/// The row of the user with this address, and the generation at that moment. Whether Keyward wrote
/// it is another question.
pub(super) async fn find_user(
    db: &DatabaseConnection,
    email: &Email,
) -> Result<Option<(users::Model, Option<i64>)>, DbErr> {
    const SQL: &str = "SELECT u.*, (SELECT n FROM generation WHERE id = 3) AS n \
        FROM users u WHERE u.email = $1";
    let values = [email.as_str().into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, values);
    let Some(row) = db.query_one_raw(find).await? else { return Ok(None) };
    let n = row.try_get("", "n").unwrap_or_default();
    Ok(readable::<users::Model>(&row, "").map(|user| (user, n)))
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

/// The hashes of the tokens of a person's sessions, but for the `keep` that were used last.
pub(super) async fn sessions_beyond(
    transaction: &DatabaseTransaction,
    user: TextUuid,
    keep: usize,
) -> Result<Vec<String>, DbErr> {
    let hashes = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::TokenHash)
        .filter(sessions::Column::UserId.eq(user))
        .order_by_desc(sessions::Column::LastSeenAt)
        .into_tuple::<String>()
        .all(transaction)
        .await?;
    Ok(hashes.into_iter().skip(keep).collect())
}

/// The row of this person. Whether Keyward wrote it is another question.
pub(crate) async fn user_by_id(
    db: &impl ConnectionTrait,
    id: TextUuid,
) -> Result<Option<users::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM users WHERE id = $1";
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, [id.into()]);
    Ok(db.query_one_raw(find).await?.and_then(|row| readable::<users::Model>(&row, "")))
}

/// Stores all columns of the row of this person.
pub(crate) async fn update_user(
    transaction: &DatabaseTransaction,
    user: users::Model,
) -> Result<(), DbErr> {
    let user = user.into_active_model().reset_all();
    users::Entity::update(user).exec_without_returning(transaction).await.map(drop)
}

/// The rows of a person's sessions. Whether Keyward wrote them is another question.
pub(super) async fn sessions_of(
    db: &impl ConnectionTrait,
    user: TextUuid,
) -> Result<Vec<sessions::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM sessions WHERE user_id = $1";
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, [user.into()]);
    let rows = db.query_all_raw(find).await?;
    Ok(rows.iter().filter_map(|row| readable::<sessions::Model>(row, "")).collect())
}

/// What makes the codes of this person, if it is in the row with this id.
pub(super) async fn totp_row(
    db: &impl ConnectionTrait,
    id: &str,
    user: TextUuid,
) -> Result<Option<SealedRow>, DbErr> {
    const SQL: &str = "SELECT * FROM totp_secrets WHERE id = $1";
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, [id.into()]);
    let found = db.query_one_raw(find).await?;
    let found = found.and_then(|row| readable::<totp_secrets::Model>(&row, ""));
    // Bound to the person who signs in, whatever the row says.
    Ok(found.map(|row| SealedRow {
        label: user.to_string(),
        bound: vec![Some(user.to_string())],
        id: row.id,
        key_id: Some(row.key_id),
        iv: None,
        mac: None,
        sealed: row.encrypted_value,
    }))
}

pub(super) async fn insert_totp(
    transaction: &DatabaseTransaction,
    row: totp_secrets::Model,
) -> Result<(), DbErr> {
    let row = row.into_active_model();
    totp_secrets::Entity::insert(row).exec_without_returning(transaction).await.map(drop)
}

/// Deletes what makes the codes of this person. No rotation may run meanwhile: it counts the rows.
pub(crate) async fn delete_totp(
    transaction: &DatabaseTransaction,
    user: TextUuid,
) -> Result<(), DbErr> {
    totp_secrets::Entity::delete_many()
        .filter(totp_secrets::Column::UserId.eq(user))
        .exec(transaction)
        .await
        .map(drop)
}

pub(super) async fn insert(
    transaction: &DatabaseTransaction,
    session: sessions::Model,
) -> Result<(), DbErr> {
    let session = session.into_active_model();
    sessions::Entity::insert(session).exec_without_returning(transaction).await.map(drop)
}

pub(crate) async fn delete_invitation(
    transaction: &DatabaseTransaction,
    id: TextUuid,
) -> Result<(), DbErr> {
    invitations::Entity::delete_by_id(id).exec(transaction).await.map(drop)
}

pub(super) async fn delete(
    transaction: &DatabaseTransaction,
    token_hash: String,
) -> Result<(), DbErr> {
    sessions::Entity::delete_by_id(token_hash).exec(transaction).await.map(drop)
}

/// The row of the session with this token. Whether Keyward wrote it is another question.
pub(super) async fn find_session(
    db: &DatabaseConnection,
    token_hash: &str,
) -> Result<Option<sessions::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM sessions WHERE token_hash = $1";
    let values = [token_hash.into()];
    let find = Statement::from_sql_and_values(db.get_database_backend(), SQL, values);
    Ok(db.query_one_raw(find).await?.and_then(|row| readable::<sessions::Model>(&row, "")))
}
