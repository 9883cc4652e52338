//! When each key was last used and from where, written behind.
//!
//! A verification only sets the time in memory, and the first one in each interval the address. Every [`INTERVAL`], and at shutdown, one batch
//! writes the keys that were used since the last one; a crash loses at most that.

use std::mem;
use std::net::IpAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keyward_core::digest::KeyDigest;
use sea_orm::DbErr;
use time::OffsetDateTime;

use super::cached_key::CachedKey;
use super::store;
use crate::database::{DatabaseConnection, begin_write};

/// How often last uses are written.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// Keys of one transaction: changes of these keys wait for no more than that.
const CHUNK: usize = 500;

/// A key that was used, and its digest: by the time it is written, another key may have
/// replaced it, here or in another process.
type Used = (Arc<CachedKey>, KeyDigest);

/// The keys that were used since the last write, each once.
#[derive(Default)]
pub struct LastUsed {
    waiting: Mutex<Vec<Used>>,
}

impl LastUsed {
    /// Remembers that `key` was used at `now`, from `address`. Takes locks only for the first use
    /// in each interval.
    pub fn record(
        &self,
        key: &Arc<CachedKey>,
        digest: KeyDigest,
        address: Option<IpAddr>,
        now: OffsetDateTime,
    ) {
        key.last_use.at.fetch_max(now.unix_timestamp(), Ordering::Relaxed);
        if !key.last_use.is_waiting.swap(true, Ordering::AcqRel) {
            key.last_use.set_address(address);
            self.lock().push((key.clone(), digest));
        }
    }

    /// Writes them. What cannot be written waits for the next time.
    pub async fn flush(&self, db: &DatabaseConnection) -> Result<(), DbErr> {
        let mut batch = Batch { last_used: self, keys: mem::take(&mut *self.lock()) };
        // In one order everywhere, so that two servers do not wait for each other's rows.
        batch.keys.sort_unstable_by(|(a, _), (b, _)| a.id.cmp(&b.id));
        for (key, _) in &batch.keys {
            // Before the time is read: a use from here on waits again.
            key.last_use.is_waiting.swap(false, Ordering::AcqRel);
        }
        while !batch.keys.is_empty() {
            let rest = batch.keys.len().saturating_sub(CHUNK);
            write(db, &batch.keys[rest..]).await?;
            batch.keys.truncate(rest);
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Used>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keys that are being written. What was not written when it is dropped waits again: the
/// write may have failed, or nobody may have waited for its end.
struct Batch<'a> {
    last_used: &'a LastUsed,
    keys: Vec<Used>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let again = |(key, _): &Used| !key.last_use.is_waiting.swap(true, Ordering::AcqRel);
        self.last_used.lock().extend(self.keys.drain(..).filter(again));
    }
}

async fn write(db: &DatabaseConnection, used: &[Used]) -> Result<(), DbErr> {
    let transaction = begin_write(db).await?;
    for (key, digest) in used {
        if let Some((at, address)) = key.last_use.get() {
            store::record_use(&transaction, &key.id, digest, at, address).await?;
        }
    }
    transaction.commit().await
}
