//! Queries on users and sessions.

use keyward_api::session::Email;
use keyward_core::set::SetName;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Statement,
};
use time::{Duration, OffsetDateTime};

use super::entity::{sessions, users};
use super::people::{Change, People, readable};
use super::seen::{self, Seen};
use crate::audit::{Action, Actor, AuditLog, Origin};
use crate::authenticity::store as sets;
use crate::database::{DatabaseConnection, StoreError, begin_write};

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
    ) -> Result<(), StoreError> {
        let by_user = |origin: &Origin| Actor::user(user.id, &user.email, origin.clone());
        let actor = self.origin.as_ref().map_or_else(Actor::system, by_user);
        self.audit.append_unasked(transaction, actor.did(action, Some(user.email.clone()))).await
    }
}

/// Whether anybody can sign in. While nobody can, setup is open.
pub async fn has_user(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(users::Entity::find().count(db).await? > 0)
}

impl People {
    /// The user with this address, as Keyward stored them.
    pub async fn find_user(&self, email: &Email) -> Result<Option<users::Model>, StoreError> {
        let n = sets::number(self.db(), SetName::People).await?;
        let sql = "SELECT * FROM users WHERE email = $1";
        let values = [email.as_str().into()];
        let find = Statement::from_sql_and_values(self.db().get_database_backend(), sql, values);
        let found = self.db().query_one_raw(find).await?;
        let Some(user) = found.and_then(|row| readable::<users::Model>(&row, "")) else {
            return Ok(None);
        };
        Ok(self.has(&user, n).await?.then_some(user))
    }

    /// Begins a session and clears away those that have ended; when it ends at the latest.
    pub async fn begin_session(
        &self,
        user: &users::Model,
        token_hash: String,
        now: OffsetDateTime,
        recorder: &Recorder<'_>,
    ) -> Result<OffsetDateTime, StoreError> {
        // Whole seconds, here and at each use: SQLite compares times as text, and these sort.
        let now = now.truncate_to_second();
        let expires_at = now + ABSOLUTE;
        let transaction = begin_write(self.db()).await?;
        let mut change = Change::begin(&transaction, self, recorder.audit).await?;
        let ended = Condition::any()
            .add(sessions::Column::ExpiresAt.lte(now))
            .add(sessions::Column::LastSeenAt.lte(now - IDLE));
        let ended = sessions::Entity::find()
            .select_only()
            .column(sessions::Column::TokenHash)
            .filter(ended)
            .into_tuple::<String>()
            .all(&transaction)
            .await?;
        // Those of somebody else stay: they are in no set, and authenticate nobody.
        for token_hash in ended {
            if change.take::<sessions::Model>(&token_hash) {
                sessions::Entity::delete_by_id(token_hash).exec(&transaction).await?;
            }
        }
        let mut session = sessions::Model {
            token_hash,
            user_id: user.id,
            created_at: now,
            last_seen_at: now,
            expires_at,
            mac: None,
            seen_mac: None,
        };
        session.mac = Some(change.add(&session));
        session.seen_mac = Some(self.rows().sign(&Seen(&session)).to_vec());
        let session = session.into_active_model();
        sessions::Entity::insert(session).exec_without_returning(&transaction).await?;
        let made = change.finish().await?;
        recorder.append(&transaction, Action::SessionCreate, user).await?;
        transaction.commit().await?;
        self.made(made);
        Ok(expires_at)
    }

    /// The session with this token, unless it has ended; remembers that it was used.
    pub async fn use_session(
        &self,
        token_hash: &str,
        now: OffsetDateTime,
    ) -> Result<Option<ActiveSession>, StoreError> {
        let Some((mut session, user, n)) = find_session(self.db(), token_hash).await? else {
            return Ok(None);
        };
        if !self.has(&session, n).await? || !self.has(&user, n).await? {
            return Ok(None);
        }
        if !self.rows().is_ours(&Seen(&session)) {
            return Ok(None);
        }
        if now >= session.expires_at || now >= session.last_seen_at + IDLE {
            return Ok(None);
        }
        if now >= session.last_seen_at + SEEN_STEP {
            session.last_seen_at = now.truncate_to_second();
            let update = seen::update(self.db(), self.rows(), &session);
            // A store that is busy for long must not sign people out.
            if let Err(error) = update.await {
                tracing::warn!(%error, "the last request of a session was not stored");
            }
        }
        Ok(Some(ActiveSession { user, expires_at: session.expires_at }))
    }

    /// Ends the session with this token.
    pub async fn end_session(
        &self,
        token_hash: &str,
        audit: &AuditLog,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let transaction = begin_write(self.db()).await?;
        let mut change = Change::begin(&transaction, self, audit).await?;
        if !change.take::<sessions::Model>(token_hash) {
            return Ok(());
        }
        sessions::Entity::delete_by_id(token_hash.to_owned()).exec(&transaction).await?;
        let made = change.finish().await?;
        let event = actor.did(Action::SessionDelete, Some(actor.name.clone()));
        // The row that was deleted was what authorised it.
        audit.append_unasked(&transaction, event).await?;
        transaction.commit().await?;
        self.made(made);
        Ok(())
    }
}

/// The session with this token, with its user, and the generation of both.
async fn find_session(
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
