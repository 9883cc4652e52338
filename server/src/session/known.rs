//! What a server knows of the set of people, at one generation: each row of it, by its id.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use keyward_core::row::{Authenticated, RowKey};
use keyward_core::set::SetState;
use sea_orm::prelude::TextUuid;
use time::OffsetDateTime;

use super::entity::{invitations, sessions, users};
use super::seen::Seen;

/// The set at one generation.
#[derive(Clone, Default)]
pub(super) struct Known {
    pub set: SetState,
    pub rows: HashMap<String, Row>,
}

/// A row that is in the set.
#[derive(Clone)]
pub(crate) struct Row {
    pub(super) mac: Vec<u8>,
    pub(super) columns: Columns,
}

/// What is asked of a row with each request.
#[derive(Clone)]
pub(crate) enum Columns {
    User(Arc<users::Model>),
    Session(Arc<LiveSession>),
    Invitation(Arc<invitations::Model>),
}

/// What a change made of the set, once it is committed.
#[must_use = "the set is known to have changed when this is given to `People::made`"]
pub(crate) struct Made {
    pub(super) before: Arc<Known>,
    pub(super) set: SetState,
    pub(super) added: Vec<(String, Row)>,
    pub(super) taken: Vec<String>,
}

impl Made {
    /// The number of the change.
    pub(crate) fn generation(&self) -> i64 {
        self.set.n
    }
}

/// A session, and when it was used last as far as this server knows.
pub(crate) struct LiveSession {
    pub row: sessions::Model,
    /// Seconds since 1970.
    seen: AtomicI64,
}

impl LiveSession {
    pub fn seen(&self) -> OffsetDateTime {
        let seen = self.seen.load(Ordering::Relaxed);
        OffsetDateTime::from_unix_timestamp(seen).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub fn saw(&self, at: OffsetDateTime) {
        self.seen.fetch_max(at.unix_timestamp(), Ordering::Relaxed);
    }
}

pub(crate) trait Member: Authenticated + Clone {
    /// Its id, distinct among all rows of the set.
    fn id(&self) -> String;

    /// What is kept of it, with the mac that it has. `is_new`: this process is about to store it.
    fn columns(self, mac: Vec<u8>, rows: &RowKey, is_new: bool) -> Columns;
}

impl Member for users::Model {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn columns(self, mac: Vec<u8>, _: &RowKey, _: bool) -> Columns {
        Columns::User(Arc::new(Self { mac: Some(mac), ..self }))
    }
}

impl Member for sessions::Model {
    fn id(&self) -> String {
        self.token_hash.clone()
    }

    fn columns(self, mac: Vec<u8>, rows: &RowKey, is_new: bool) -> Columns {
        // A last use that somebody else wrote is looked at again when the session is used.
        let is_ours = is_new || rows.is_ours(&Seen(&self));
        let seen = if is_ours { self.last_seen_at.unix_timestamp() } else { 0 };
        let row = Self { mac: Some(mac), ..self };
        Columns::Session(Arc::new(LiveSession { row, seen: seen.into() }))
    }
}

impl Member for invitations::Model {
    fn id(&self) -> String {
        self.id.to_string()
    }

    fn columns(self, mac: Vec<u8>, _: &RowKey, _: bool) -> Columns {
        Columns::Invitation(Arc::new(Self { mac: Some(mac), ..self }))
    }
}

impl Known {
    pub fn mac(&self, id: &str) -> Option<&[u8]> {
        self.rows.get(id).map(|row| row.mac.as_slice())
    }

    /// The session with this token, and its person.
    pub fn session(&self, token_hash: &str) -> Option<(&LiveSession, &users::Model)> {
        let Columns::Session(session) = &self.rows.get(token_hash)?.columns else { return None };
        Some((session, self.user(session.row.user_id)?))
    }

    fn user(&self, id: TextUuid) -> Option<&users::Model> {
        match &self.rows.get(&id.to_string())?.columns {
            Columns::User(user) => Some(user),
            Columns::Session(_) | Columns::Invitation(_) => None,
        }
    }

    /// The hashes of the tokens of all sessions.
    pub fn sessions(&self) -> Vec<String> {
        let all = self.rows.values().filter_map(|row| match &row.columns {
            Columns::Session(session) => Some(session.row.token_hash.clone()),
            _ => None,
        });
        all.collect()
    }

    /// The ids of all invitations.
    pub fn invitations(&self) -> Vec<TextUuid> {
        let all = self.rows.values().filter_map(|row| match &row.columns {
            Columns::Invitation(invitation) => Some(invitation.id),
            _ => None,
        });
        all.collect()
    }

    /// The sessions of this person. By the rows that are in the set: what stands in the table may
    /// name another person for a moment.
    pub fn sessions_of(&self, user: TextUuid) -> impl Iterator<Item = &sessions::Model> {
        self.rows.values().filter_map(move |row| match &row.columns {
            Columns::Session(session) if session.row.user_id == user => Some(&session.row),
            _ => None,
        })
    }

    /// The invitations that the person with this address made, as above.
    pub fn invitations_by(&self, email: &str) -> impl Iterator<Item = &invitations::Model> {
        self.rows.values().filter_map(move |row| match &row.columns {
            Columns::Invitation(invitation) if invitation.created_by == email => {
                Some(&**invitation)
            }
            _ => None,
        })
    }
}
