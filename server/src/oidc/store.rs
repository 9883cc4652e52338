//! Queries on the rows that a sign-in needs. Whether Keyward wrote a row is another question, which
//! [`Change::has`](crate::session::change::Change::has) answers.

use keyward_api::roles::Role;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult,
    IntoActiveModel, QueryFilter, QuerySelect, QueryTrait, Statement, Value,
};

use crate::database::readable;
use crate::session::entity::{invitations, users};

/// The account of this issuer and subject.
pub async fn user_by_identity(
    transaction: &DatabaseTransaction,
    issuer: &str,
    subject: &str,
) -> Result<Option<users::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM users WHERE sso_issuer = $1 AND sso_subject = $2";
    one(transaction, SQL, vec![issuer.into(), subject.into()]).await
}

pub async fn user_by_email(
    transaction: &DatabaseTransaction,
    email: &str,
) -> Result<Option<users::Model>, DbErr> {
    one(transaction, "SELECT * FROM users WHERE email = $1", vec![email.into()]).await
}

/// The administrators who are not disabled; of many, some.
pub async fn some_admins(transaction: &DatabaseTransaction) -> Result<Vec<users::Model>, DbErr> {
    let admins = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin.as_str()))
        .filter(users::Column::IsDisabled.eq(false))
        .limit(1_000);
    let rows = admins.build(transaction.get_database_backend());
    let rows = transaction.query_all_raw(rows).await?;
    Ok(rows.iter().filter_map(|row| readable(row, "")).collect())
}

pub async fn insert_user(
    transaction: &DatabaseTransaction,
    user: users::Model,
) -> Result<(), DbErr> {
    let user = user.into_active_model();
    users::Entity::insert(user).exec_without_returning(transaction).await.map(drop)
}

/// The invitation whose token has this hash.
pub async fn invitation_by_token(
    transaction: &DatabaseTransaction,
    token_hash: &str,
) -> Result<Option<invitations::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM invitations WHERE token_hash = $1";
    one(transaction, SQL, vec![token_hash.into()]).await
}

/// The invitation of this address.
pub async fn invitation_by_email(
    transaction: &DatabaseTransaction,
    email: &str,
) -> Result<Option<invitations::Model>, DbErr> {
    const SQL: &str = "SELECT * FROM invitations WHERE email = $1";
    one(transaction, SQL, vec![email.into()]).await
}

async fn one<R: FromQueryResult>(
    transaction: &DatabaseTransaction,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<R>, DbErr> {
    let find = Statement::from_sql_and_values(transaction.get_database_backend(), sql, values);
    Ok(transaction.query_one_raw(find).await?.and_then(|row| readable::<R>(&row, "")))
}
