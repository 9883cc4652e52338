//! Sessions: begun, used and ended by their person, each in one transaction. Ending those of others is
//! in [`ending`](super::ending).

use std::net::IpAddr;

use keyward_api::account::SignedInBy;
use keyward_api::session::Email;
use keyward_core::row::RowKey;
use sea_orm::DatabaseTransaction;
use time::{Duration, OffsetDateTime};

use super::change::Change;
use super::entity::{sessions, users};
use super::people::People;
use super::seen::{self, Seen};
use super::store::{self, ABSOLUTE, IDLE};
use crate::audit::{Action, Actor, AuditLog, Event, Origin};
use crate::database::{StoreError, begin_write, commit};

/// Rows are read apart from the set they are in. A change of both in between makes a row that is good
/// look like somebody else's; so one that does is looked at so often.
const LOOKS: usize = 3;

/// The last request of a session is written this often at most.
const SEEN_STEP: Duration = Duration::minutes(1);

/// A person has so many sessions. One more ends the one that was used least lately.
pub const MAX_SESSIONS: usize = 100;

/// A session that has not ended, with its user.
#[derive(Clone, Debug)]
pub struct ActiveSession {
    pub row: sessions::Model,
    pub user: users::Model,
}

/// What a session begins with, beside its person.
pub struct SessionStart {
    /// Of its token: see [`token_hash`](super::cookie::token_hash).
    pub token_hash: String,
    /// The browser or program, as it calls itself.
    pub device: Option<String>,
    pub signed_in_by: SignedInBy,
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
        self.append_with(transaction, action, user, None).await
    }

    async fn append_with(
        &self,
        transaction: &DatabaseTransaction,
        action: Action,
        user: &users::Model,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        let by_user = |origin: &Origin| Actor::user(user.id, &user.email, origin.clone());
        let actor = self.origin.as_ref().map_or_else(Actor::system, by_user);
        let event = Event { detail, ..actor.did(action, Some(user.email.clone())) };
        self.audit.append_unasked(transaction, event).await
    }
}

/// What a sign-in used beside the password, for the audit log.
fn second_factor(before: &users::Model, after: &users::Model) -> Option<String> {
    if before.recovery_codes != after.recovery_codes {
        let left = after.recovery_codes_left();
        return Some(format!("with a recovery code, {left} left"));
    }
    (before.totp_step != after.totp_step).then(|| "with a code".to_owned())
}

/// Whether a session is over at `now`.
pub(super) fn has_ended(session: &sessions::Model, now: OffsetDateTime) -> bool {
    now >= session.expires_at || now >= session.last_seen_at + IDLE
}

impl People {
    /// The user with this address, as Keyward stored them.
    pub async fn find_user(&self, email: &Email) -> Result<Option<users::Model>, StoreError> {
        for _ in 0..LOOKS {
            let Some((user, n)) = store::find_user(self.db(), email).await? else {
                return Ok(None);
            };
            if self.has(&user, n).await? {
                return Ok(Some(user));
            }
        }
        Ok(None)
    }

    /// Begins a session of `user`, whose credentials were found right, and clears away those that
    /// have ended. `change` is what the sign-in changes of the account, in the same transaction:
    /// of two that use the same code, the second is refused.
    pub async fn begin_session(
        &self,
        user: &users::Model,
        change_user: impl FnOnce(&mut users::Model),
        start: SessionStart,
        now: OffsetDateTime,
        recorder: &Recorder<'_>,
    ) -> Result<ActiveSession, StoreError> {
        let now = now.truncate_to_second();
        let transaction = begin_write(self.db()).await?;
        let mut change = Change::begin(&transaction, self, recorder.audit).await?;
        // What was found right may have been changed, or kept out, meanwhile.
        let found = store::user_by_id(&transaction, user.id).await?;
        let found = found.filter(|found| found.mac == user.mac && change.has(found));
        let before = found.filter(|found| !found.is_disabled).ok_or(StoreError::Revoked)?;
        let mut user = before.clone();
        change_user(&mut user);
        user.last_sign_in_at = Some(now);
        user.mac = Some(change.replace(&user).ok_or(StoreError::Revoked)?);
        store::update_user(&transaction, user.clone()).await?;
        let address = recorder.origin.as_ref().and_then(|origin| origin.address);
        let session =
            add(&transaction, &mut change, self.rows(), &user, start, address, now).await?;
        let made = change.finish().await?;
        let detail = second_factor(&before, &user);
        recorder.append_with(&transaction, Action::SessionCreate, &user, detail).await?;
        commit(transaction).await?;
        self.made(made);
        Ok(ActiveSession { row: session, user })
    }

    /// The session with this token, unless it has ended; remembers that it was used.
    pub async fn use_session(
        &self,
        token_hash: &str,
        now: OffsetDateTime,
    ) -> Result<Option<ActiveSession>, StoreError> {
        let known = self.known_now().await?;
        let Some((session, user)) = known.session(token_hash) else { return Ok(None) };
        if user.is_disabled || now >= session.row.expires_at {
            return Ok(None);
        }
        let active = ActiveSession { row: session.row.clone(), user: user.clone() };
        if now < session.seen() + SEEN_STEP {
            return Ok(Some(active));
        }
        // It was not used lately, at least not here.
        let Some(mut row) = store::find_session(self.db(), token_hash).await? else {
            return Ok(None);
        };
        let is_ours = row.mac.as_deref() == known.mac(token_hash) && self.rows().is_ours(&row);
        if !is_ours || !self.rows().is_ours(&Seen(&row)) || has_ended(&row, now) {
            return Ok(None);
        }
        if now >= row.last_seen_at + SEEN_STEP {
            row.last_seen_at = now.truncate_to_second();
            let update = seen::update(self.db(), self.rows(), &row);
            // A store that is busy for long must not sign people out.
            if let Err(error) = update.await {
                tracing::warn!(%error, "the last request of a session was not stored");
                return Ok(Some(active));
            }
        }
        session.saw(row.last_seen_at);
        Ok(Some(active))
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
        commit(transaction).await?;
        self.made(made);
        Ok(())
    }
}

/// Adds a session of a user whose row is stored, and clears away those that have ended.
pub(crate) async fn add(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    rows: &RowKey,
    user: &users::Model,
    start: SessionStart,
    address: Option<IpAddr>,
    now: OffsetDateTime,
) -> Result<sessions::Model, StoreError> {
    // Whole seconds, here and at each use: SQLite compares times as text, and these sort.
    let now = now.truncate_to_second();
    clear(transaction, change, user, now).await?;
    let SessionStart { token_hash, device, signed_in_by } = start;
    let mut session = sessions::Model {
        token_hash,
        user_id: user.id,
        created_at: now,
        last_seen_at: now,
        expires_at: now + ABSOLUTE,
        device,
        address: address.map(|address| address.to_string()),
        signed_in_by: Some(signed_in_by.as_str().to_owned()),
        mac: None,
        seen_mac: None,
    };
    session.mac = Some(change.add(&session));
    session.seen_mac = Some(rows.sign(&Seen(&session)).to_vec());
    store::insert(transaction, session.clone()).await?;
    Ok(session)
}

/// Makes room for a new session: deletes those that have ended, and the oldest of a person who has
/// too many.
async fn clear(
    transaction: &DatabaseTransaction,
    change: &mut Change<'_>,
    user: &users::Model,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let mut gone = store::ended(transaction, now).await?;
    gone.extend(store::sessions_beyond(transaction, user.id, MAX_SESSIONS - 1).await?);
    // Those of somebody else stay: they are in no set, and authenticate nobody.
    for token_hash in gone {
        if change.take::<sessions::Model>(&token_hash) {
            store::delete(transaction, token_hash).await?;
        }
    }
    Ok(())
}
