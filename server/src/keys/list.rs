//! Looking keys up for people: a page of the list, or one of them. What is shown of a key is
//! read from the database.

use std::sync::PoisonError;
use std::time::Duration;

use futures_util::{TryStreamExt, pin_mut};
use keyward_api::keys::ApiKey;
use sea_orm::DbErr;

use super::listing::KeyQuery;
use super::listing::search::Position;
use super::row::record;
use super::{Registry, store};
use crate::background::with_timeout;
use crate::database::{StoreError, begin_read};

const USES: u64 = 20_000;

/// A server may write a use so much later than another one that it wrote, and its clock may
/// be behind.
const LATE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct KeyPage {
    /// Its keys, in order.
    pub keys: Vec<ApiKey>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
    pub total: u64,
}

impl Registry {
    /// The keys of one page as they are stored, unreadable ones among them.
    pub async fn page(&self, query: KeyQuery) -> Result<KeyPage, StoreError> {
        let (inner, now) = (self.0.clone(), self.0.clock.now());
        let found = self.0.list_thread.run(move || inner.listing.find(&query, now)).await;
        let found = found.ok_or_else(|| StoreError::unanswered("the list"))?;
        let stored = store::get_many(&self.0.db, &self.0.rows, found.ids.iter().map(|id| &**id));
        let stored = stored.await?;
        // Another process may have deleted one since.
        let keys = found.ids.iter().filter_map(|id| stored.get(&**id));
        let keys = keys.map(|key| self.shown_key(key)).collect();
        Ok(KeyPage { keys, next: found.next, total: found.total })
    }

    /// The key with this id, as it is stored; but for uses that this server has not written yet,
    /// so that a person who waits for the first one sees it at once.
    pub async fn get(&self, id: &str) -> Result<Option<ApiKey>, DbErr> {
        let key = store::get(&self.0.db, &self.0.rows, id).await?;
        Ok(key.map(|key| self.with_uses(self.shown_key(&key))))
    }

    /// With the uses that this server has not written yet.
    pub(super) fn with_uses(&self, mut record: ApiKey) -> ApiKey {
        let [key, former] = self.0.cache.get(&record.id).map(|key| key?.last_use.get());
        if let Some((at, address)) = key.filter(|(at, _)| Some(*at) > record.last_used_at) {
            record.last_used_at = Some(at);
            record.last_used_address = address.map(|address| address.to_string());
        }
        if let (Some((at, _)), Some(overlap)) = (former, &mut record.overlap) {
            overlap.last_used_at = overlap.last_used_at.max(Some(at));
        }
        record
    }

    /// The key with this id, or else with this name: names of readable keys are distinct.
    pub async fn find(&self, id_or_name: &str) -> Result<Option<ApiKey>, DbErr> {
        if let Some(key) = self.get(id_or_name).await? {
            return Ok(Some(key));
        }
        let key = store::get_named(&self.0.db, &self.0.rows, id_or_name).await?;
        Ok(key.map(|key| self.shown_key(&key)))
    }

    /// Learns which keys there are, for [`Registry::page`] in a command that loads none.
    pub async fn load_listing(&self) -> Result<(), StoreError> {
        let moment = with_timeout(begin_read(&self.0.db)).await?;
        let stored = with_timeout(store::stream(&moment, &self.0.rows)).await?;
        pin_mut!(stored);
        while let Some(row) = with_timeout(stored.try_next()).await? {
            let record = record(&row.key);
            self.0.listing.put(&record.id.as_str().into(), record);
        }
        Ok(())
    }

    /// Brings the order of the list up to the uses that this server and others have written.
    pub async fn apply_uses(&self) -> Result<(), StoreError> {
        let seen = || self.0.uses_seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, now) = (*seen() - LATE, self.0.clock.now());
        for (id, at) in with_timeout(store::used_since(&self.0.db, since, USES)).await? {
            self.0.listing.used(&id, at);
        }
        *seen() = now;
        Ok(())
    }
}
