//! Queries on accounts and invitations. Whether Keyward wrote a row is another question: see
//! [`Change::has`](crate::session::change::Change).

use std::collections::HashMap;

use keyward_api::roles::Role;
use sea_orm::prelude::TextUuid;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select, Statement, Value,
};
use time::OffsetDateTime;

use crate::database::names::{Names, in_bytes};
use crate::database::readable;
use crate::session::entity::{invitations, sessions, totp_secrets, users};
use crate::session::store::IDLE;

/// Users by address, one more than are asked for if there are more; and how many there are on
/// all pages.
pub async fn users(
    db: &impl ConnectionTrait,
    names: &Names,
) -> Result<(Vec<users::Model>, u64), DbErr> {
    let (backend, email) = (db.get_database_backend(), Expr::col(users::Column::Email));
    let matching = names.matching(&email, None);
    let total = users::Entity::find().filter(matching.clone()).count(db).await?;
    let page = users::Entity::find()
        .filter(matching.add(names.rest(&email, backend)))
        .order_by(in_bytes(email, backend), Order::Asc)
        .limit(names.limit + 1);
    Ok((all_readable(db, page).await?, total))
}

/// Invitations that have not expired, as [`users()`].
pub async fn pending(
    db: &impl ConnectionTrait,
    names: &Names,
    now: OffsetDateTime,
) -> Result<(Vec<invitations::Model>, u64), DbErr> {
    let (backend, email) = (db.get_database_backend(), Expr::col(invitations::Column::Email));
    let matching = names.matching(&email, None);
    let matching = matching.add(invitations::Column::ExpiresAt.gt(now.truncate_to_second()));
    let total = invitations::Entity::find().filter(matching.clone()).count(db).await?;
    let page = invitations::Entity::find()
        .filter(matching.add(names.rest(&email, backend)))
        .order_by(in_bytes(email, backend), Order::Asc)
        .limit(names.limit + 1);
    Ok((all_readable(db, page).await?, total))
}

/// The rows that hold what they should: one that somebody else wrote may not.
async fn all_readable<E: EntityTrait>(
    db: &impl ConnectionTrait,
    select: Select<E>,
) -> Result<Vec<E::Model>, DbErr>
where
    E::Model: FromQueryResult,
{
    let rows = db.query_all_raw(select.build(db.get_database_backend())).await?;
    Ok(rows.iter().filter_map(|row| readable(row, "")).collect())
}

/// How many sessions each of these people has that have not ended.
pub async fn sessions_of(
    db: &impl ConnectionTrait,
    people: impl IntoIterator<Item = TextUuid>,
    now: OffsetDateTime,
) -> Result<HashMap<TextUuid, u32>, DbErr> {
    let now = now.truncate_to_second();
    let counted = sessions::Entity::find()
        .select_only()
        .column(sessions::Column::UserId)
        .column_as(sessions::Column::TokenHash.count(), "number")
        .filter(sessions::Column::UserId.is_in(people))
        .filter(sessions::Column::ExpiresAt.gt(now))
        .filter(sessions::Column::LastSeenAt.gt(now - IDLE))
        .group_by(sessions::Column::UserId)
        .into_tuple::<(TextUuid, i64)>();
    let counted = counted.all(db).await?.into_iter();
    Ok(counted.map(|(id, n)| (id, u32::try_from(n).unwrap_or(u32::MAX))).collect())
}

/// The account with this address.
pub async fn user_by_email(
    db: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<users::Model>, DbErr> {
    one(db, "SELECT * FROM users WHERE email = $1", email).await
}

/// Administrators who are not disabled, but for this one.
pub async fn other_admins(
    transaction: &DatabaseTransaction,
    but: TextUuid,
) -> Result<Vec<users::Model>, DbErr> {
    let admins = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin.as_str()))
        .filter(users::Column::IsDisabled.eq(false))
        .filter(users::Column::Id.ne(but));
    all_readable(transaction, admins).await
}

/// The addresses of all accounts.
pub async fn emails(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let emails = users::Entity::find().select_only().column(users::Column::Email);
    emails.into_tuple::<String>().all(db).await
}

pub async fn insert_user(
    transaction: &DatabaseTransaction,
    user: users::Model,
) -> Result<(), DbErr> {
    let user = user.into_active_model();
    users::Entity::insert(user).exec_without_returning(transaction).await.map(drop)
}

/// Deletes an account, and with it, in the database, what belongs to it.
pub async fn delete_user(transaction: &DatabaseTransaction, id: TextUuid) -> Result<(), DbErr> {
    users::Entity::delete_by_id(id).exec(transaction).await.map(drop)
}

/// Deletes the secret of the codes of a person.
pub async fn delete_totp(transaction: &DatabaseTransaction, user: TextUuid) -> Result<(), DbErr> {
    let of_user = totp_secrets::Column::UserId.eq(user);
    totp_secrets::Entity::delete_many().filter(of_user).exec(transaction).await.map(drop)
}

/// All invitations.
pub async fn invitations(
    transaction: &DatabaseTransaction,
) -> Result<Vec<invitations::Model>, DbErr> {
    all_readable(transaction, invitations::Entity::find()).await
}

pub async fn invitation(
    db: &impl ConnectionTrait,
    id: TextUuid,
) -> Result<Option<invitations::Model>, DbErr> {
    one(db, "SELECT * FROM invitations WHERE id = $1", id).await
}

/// The invitation with the token of this hash.
pub async fn invitation_by_token(
    db: &impl ConnectionTrait,
    token_hash: &str,
) -> Result<Option<invitations::Model>, DbErr> {
    one(db, "SELECT * FROM invitations WHERE token_hash = $1", token_hash).await
}

pub async fn insert_invitation(
    transaction: &DatabaseTransaction,
    invitation: invitations::Model,
) -> Result<(), DbErr> {
    let row = invitation.into_active_model();
    invitations::Entity::insert(row).exec_without_returning(transaction).await.map(drop)
}

/// Deletes the invitation to this address, even one that cannot be read.
pub async fn delete_invitation_to(
    transaction: &DatabaseTransaction,
    email: &str,
) -> Result<(), DbErr> {
    let to = invitations::Column::Email.eq(email);
    invitations::Entity::delete_many().filter(to).exec(transaction).await.map(drop)
}

async fn one<R: FromQueryResult>(
    db: &impl ConnectionTrait,
    sql: &str,
    value: impl Into<Value>,
) -> Result<Option<R>, DbErr> {
    let find = Statement::from_sql_and_values(db.get_database_backend(), sql, [value.into()]);
    Ok(db.query_one_raw(find).await?.and_then(|row| readable(&row, "")))
}
