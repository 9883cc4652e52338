//! The log as a file.
//!
//! That it is handed out is recorded before the first line is sent. When all of it was asked
//! for, that it went to its end is recorded too: [`super::retention`] lets nothing go before.

use axum::body::Bytes;
use futures_util::{Stream, stream};
use keyward_api::audit::Action;
use sea_orm::DbErr;

use super::about_log;
use super::answer::entry;
use super::event::Actor;
use super::reader::Reader;
use super::store::{self, AuditFilter};
use crate::access::authority::Authority;
use crate::database::StoreError;

const CHUNK: u64 = 200;

pub struct Export {
    reader: Reader,
    filter: AuditFilter,
    before: i64,
    /// Who is handed everything, up to which number.
    whole: Option<(Actor, i64)>,
    /// What must be good until the last entry is sent.
    authority: Option<Authority>,
}

/// The answer breaks off, which the client sees.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("the store cannot answer, or the session has ended")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Json(#[from] std::io::Error),
}

impl From<DbErr> for ExportError {
    fn from(error: DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl Export {
    /// Records that `actor` is handed the entries before `cursor` that fit `filter`.
    pub async fn begin(
        reader: &Reader,
        actor: &Actor,
        filter: AuditFilter,
        cursor: Option<i64>,
    ) -> Result<Self, StoreError> {
        let is_whole = cursor.is_none() && filter == AuditFilter::default();
        let what = if is_whole { "all entries" } else { "a part of the entries" };
        let event = actor.did(Action::AuditExport, None).with_detail(what);
        let (log, db) = reader.log();
        log.record(db, event).await?;
        let (_, last) = store::extent(db).await?.unwrap_or_default();
        let (authority, actor) =
            (actor.authority.clone(), Actor { authority: None, ..actor.clone() });
        let whole = is_whole.then_some((actor, last));
        let before = cursor.unwrap_or(last.saturating_add(1));
        Ok(Self { reader: reader.clone(), filter, before, whole, authority })
    }

    /// JSON lines, newest first.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ExportError>> {
        stream::try_unfold(self, Self::next)
    }

    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ExportError> {
        let (log, db) = self.reader.log();
        let (rows, now) = (self.reader.rows(), self.reader.clock().now());
        let entries = store::list(db, &self.filter, self.before, CHUNK).await?;
        // Asked after the reading: nothing is sent that was written after the session ended.
        if let Some(authority) = &self.authority
            && !authority.is_good(db, rows, now).await?
        {
            return Err(StoreError::Revoked.into());
        }
        let Some(last) = entries.last() else {
            if let Some((actor, through)) = &self.whole {
                log.record(db, about_log::export(actor, *through)).await?;
            }
            return Ok(None);
        };
        self.before = last.seq;
        let mut lines = Vec::with_capacity(entries.len() * 256);
        for row in entries {
            serde_json::to_writer(&mut lines, &entry(row)).map_err(std::io::Error::from)?;
            lines.push(b'\n');
        }
        Ok(Some((Bytes::from(lines), self)))
    }
}
