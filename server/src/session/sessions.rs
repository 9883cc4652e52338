//! Sessions: begun, used and ended, each in one transaction.

use keyward_api::session::Email;
use keyward_core::set::SetName;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};

use super::entity::{sessions, users};
use super::people::{Change, People};
use super::seen::{self, Seen};
use super::store::{self, ABSOLUTE, IDLE};
use crate::audit::{Action, Actor, AuditLog, Origin};
use crate::authenticity::store as sets;
use crate::database::{StoreError, begin_write};

/// The last request of a session is written this often at most.
const SEEN_STEP: Duration = Duration::minutes(1);

/// A session that has not ended, with its user.
pub struct ActiveSession {
    pub user: users::Model,
    pub expires_at: OffsetDateTime,
}

/// Records what is done to a user, in the transaction that does it.
pub struct Recorder<'a> {
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

impl People {
    /// The user with this address, as Keyward stored them.
    pub async fn find_user(&self, email: &Email) -> Result<Option<users::Model>, StoreError> {
        let n = sets::number(self.db(), SetName::People).await?;
        let Some(user) = store::find_user(self.db(), email).await? else { return Ok(None) };
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
        // Those of somebody else stay: they are in no set, and authenticate nobody.
        for token_hash in store::ended(&transaction, now).await? {
            if change.take::<sessions::Model>(&token_hash) {
                store::delete(&transaction, token_hash).await?;
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
        store::insert(&transaction, session).await?;
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
        let Some((mut session, user, n)) = store::find_session(self.db(), token_hash).await? else {
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
        store::delete(&transaction, token_hash.to_owned()).await?;
        let made = change.finish().await?;
        let event = actor.did(Action::SessionDelete, Some(actor.name.clone()));
        // The row that was deleted was what authorised it.
        audit.append_unasked(&transaction, event).await?;
        transaction.commit().await?;
        self.made(made);
        Ok(())
    }
}
