//! Queries on users and sessions.

use keyward_api::session::Email;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use sea_orm::{DatabaseTransaction, PaginatorTrait};
use time::{Duration, OffsetDateTime};

use super::entity::{sessions, users};
use crate::audit::{Action, Actor, AuditLog, Origin};
use crate::database::{DatabaseConnection, begin_write};

/// A session that is not used ends after this time.
pub const IDLE: Duration = Duration::hours(12);
/// Any session ends after this time.
pub const ABSOLUTE: Duration = Duration::days(7);
/// The last request of a session is written this often at most.
const SEEN_STEP: Duration = Duration::minutes(1);

/// A session that has not ended, with its user.
pub struct ActiveSession {
    /// Whose it is.
    pub user: users::Model,
    /// When it ends at the latest.
    pub expires_at: OffsetDateTime,
}

/// Records what is done to a user, in the transaction that does it.
pub struct Recorder<'a> {
    /// Where it is recorded.
    pub audit: &'a AuditLog,
    /// Where the request came from; none: the server does it by its configuration.
    pub origin: Option<Origin>,
}

impl Recorder<'_> {
    /// Records `action` as the last statement of its transaction.
    pub(super) async fn append(
        &self,
        transaction: &DatabaseTransaction,
        action: Action,
        user: &users::Model,
    ) -> Result<(), DbErr> {
        let by_user = |origin: &Origin| Actor::user(user.id, &user.email, origin.clone());
        let actor = self.origin.as_ref().map_or_else(Actor::system, by_user);
        self.audit.append_unasked(transaction, actor.did(action, Some(user.email.clone()))).await
    }
}

/// Whether anybody can sign in. While nobody can, setup is open.
pub async fn has_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().count(db).await? > 0)
}

/// The user with this address.
pub async fn find_user(
    db: &impl ConnectionTrait,
    email: &Email,
) -> Result<Option<users::Model>, DbErr> {
    users::Entity::find().filter(users::Column::Email.eq(email.as_str())).one(db).await
}

/// Begins a session and clears away those that have ended; when it ends at the latest.
pub async fn begin_session(
    db: &DatabaseConnection,
    user: &users::Model,
    token_hash: String,
    now: OffsetDateTime,
    recorder: &Recorder<'_>,
) -> Result<OffsetDateTime, DbErr> {
    // Whole seconds, here and in `touch`: SQLite compares times as text, and these sort.
    let now = now.truncate_to_second();
    let expires_at = now + ABSOLUTE;
    let transaction = begin_write(db).await?;
    let ended = Condition::any()
        .add(sessions::Column::ExpiresAt.lte(now))
        .add(sessions::Column::LastSeenAt.lte(now - IDLE));
    sessions::Entity::delete_many().filter(ended).exec(&transaction).await?;
    let session = sessions::ActiveModel {
        token_hash: Set(token_hash),
        user_id: Set(user.id),
        created_at: Set(now),
        last_seen_at: Set(now),
        expires_at: Set(expires_at),
    };
    sessions::Entity::insert(session).exec_without_returning(&transaction).await?;
    recorder.append(&transaction, Action::SessionCreate, user).await?;
    transaction.commit().await?;
    Ok(expires_at)
}

/// The session with this token, unless it has ended; remembers that it was used.
pub async fn use_session(
    db: &DatabaseConnection,
    token_hash: &str,
    now: OffsetDateTime,
) -> Result<Option<ActiveSession>, DbErr> {
    let found = sessions::Entity::find_by_id(token_hash.to_owned())
        .find_also_related(users::Entity)
        .one(db)
        .await?;
    let Some((session, Some(user))) = found else { return Ok(None) };
    if now >= session.expires_at || now >= session.last_seen_at + IDLE {
        return Ok(None);
    }
    if now >= session.last_seen_at + SEEN_STEP {
        // A store that is busy for long must not sign people out.
        if let Err(error) = touch(db, token_hash, now).await {
            tracing::warn!(%error, "the last request of a session was not stored");
        }
    }
    Ok(Some(ActiveSession { user, expires_at: session.expires_at }))
}

/// Ends the session with this token.
pub async fn end_session(
    db: &DatabaseConnection,
    token_hash: &str,
    audit: &AuditLog,
    actor: &Actor,
) -> Result<(), DbErr> {
    let transaction = begin_write(db).await?;
    let ended = sessions::Entity::delete_by_id(token_hash.to_owned()).exec(&transaction).await?;
    if ended.rows_affected == 0 {
        return Ok(());
    }
    let event = actor.did(Action::SessionDelete, Some(actor.name.clone()));
    // The row that was deleted was what authorised it.
    audit.append_unasked(&transaction, event).await?;
    transaction.commit().await
}

async fn touch(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: OffsetDateTime,
) -> Result<(), DbErr> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::LastSeenAt, Expr::value(now.truncate_to_second()))
        .filter(sessions::Column::TokenHash.eq(token_hash))
        .exec(db)
        .await
        .map(drop)
}
