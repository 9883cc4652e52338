//! The sessions of a person, as they see and end them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::account::{Accounts, Own, ended_others};
use super::change::Change;
use super::ending::end_all;
use super::entity::{sessions, users};
use super::error::{AccountError, AccountRefusal};
use super::seen::Seen;
use super::sessions::{ActiveSession, has_ended};
use super::store;
use crate::audit::Action;
use crate::database::{StoreError, begin_write, commit};

/// A session is known to its person by so many hex digits of the hash of its token.
const ID: usize = 32;

/// By what its person knows a session. It opens nothing: the token has more bits.
pub fn session_id(session: &sessions::Model) -> &str {
    session.token_hash.get(..ID).unwrap_or_default()
}

impl Accounts {
    /// The sessions of this person that have not ended, in no order.
    pub async fn sessions(
        &self,
        user: &users::Model,
        now: OffsetDateTime,
    ) -> Result<Vec<sessions::Model>, StoreError> {
        let (known, rows) = (self.people.known_now().await?, self.people.rows());
        // For when they were used last, which other servers write as well.
        let mut own = store::sessions_of(self.people.db(), user.id).await?;
        own.retain(|session| {
            let is_in_set = known.mac(&session.token_hash) == session.mac.as_deref();
            is_in_set && rows.is_ours(session) && rows.is_ours(&Seen(session))
        });
        own.retain(|session| !has_ended(session, now));
        Ok(own)
    }

    /// Ends the own session with this id: whether it is the one that asks, and the number of the
    /// change.
    pub async fn end_own_session(
        &self,
        own: Own<'_>,
        id: &str,
    ) -> Result<(bool, i64), AccountError> {
        let ActiveSession { row: current, user } = own.session;
        let transaction = begin_write(self.people.db()).await?;
        let mut change = Change::begin(&transaction, &self.people, &self.audit).await?;
        let ended = change.known().sessions_of(user.id).find(|session| session_id(session) == id);
        let ended = ended.cloned().ok_or(AccountRefusal::SessionNotFound)?;
        change.take::<sessions::Model>(&ended.token_hash);
        store::delete(&transaction, ended.token_hash.clone()).await?;
        let made = change.finish().await?;
        let is_current = ended.token_hash == current.token_hash;
        let event = own.did(Action::SessionDelete, describe(&ended));
        if is_current {
            // The row that was deleted was what authorised it.
            self.audit.append_unasked(&transaction, event).await?;
        } else {
            self.audit.append(&transaction, event).await?;
        }
        commit(transaction).await?;
        let generation = made.generation();
        self.people.made(made);
        Ok((is_current, generation))
    }

    /// Ends all own sessions but the one that asks: how many there were, and the number of the
    /// change if there were some.
    pub async fn end_other_sessions(
        &self,
        own: Own<'_>,
    ) -> Result<(u64, Option<i64>), AccountError> {
        let ActiveSession { row: current, user } = own.session;
        let transaction = begin_write(self.people.db()).await?;
        let mut change = Change::begin(&transaction, &self.people, &self.audit).await?;
        let ended = end_all(&transaction, &mut change, user.id, Some(&current.token_hash)).await?;
        if ended == 0 {
            return Ok((0, None));
        }
        let made = change.finish().await?;
        let event = own.did(Action::SessionDelete, ended_others(ended));
        self.audit.append(&transaction, event).await?;
        commit(transaction).await?;
        let generation = made.generation();
        self.people.made(made);
        Ok((ended, Some(generation)))
    }
}

/// When a session began, and from where.
fn describe(session: &sessions::Model) -> String {
    let began = session.created_at.format(&Rfc3339).unwrap_or_default();
    match &session.address {
        Some(address) => format!("the session of {began} from {address}"),
        None => format!("the session of {began}"),
    }
}
