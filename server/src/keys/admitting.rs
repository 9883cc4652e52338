//! The watermark and the keys in memory: what went away is kept, and what was revoked stays out.

use std::borrow::Cow;

use keyward_api::keys::ApiKey;
use sea_orm::ConnectionTrait;

use super::known_keys::KnownKeys;
use super::registry::Registry;
use super::row::{ReadKey, StoredKey, UnreadableKey, record};
use crate::background::with_timeout;
use crate::database::StoreError;
use crate::watermark::Watermark;
use crate::watermark::admission::Claim;
use crate::watermark::stored;

impl KnownKeys {
    /// Takes note of what is known of this key and is no longer accepted when it is `now`.
    pub(super) fn note_gone(&self, id: &str, now: Option<&StoredKey>) {
        if self.watermark.is_kept() {
            let before = self.cache.digests(id).into_iter().flatten();
            let is_still =
                |key: &StoredKey, digest| key.digest == digest || key.former == Some(digest);
            let stays = |digest: &_| now.is_some_and(|now| is_still(now, *digest));
            self.watermark.note_gone(before, stays);
        }
    }

    /// The key as it may be accepted; or as it is listed, when it was revoked.
    pub(super) fn admit<'k>(
        &self,
        key: &'k StoredKey,
    ) -> Result<Cow<'k, StoredKey>, Box<UnreadableKey>> {
        let (current, former) = (key.digest, key.former);
        let claim = Claim { current, former, is_enabled: key.record.enabled };
        let admitted = self.watermark.admit(&claim);
        match admitted.current {
            Ok(()) if admitted.former => Ok(Cow::Borrowed(key)),
            Ok(()) => Ok(Cow::Owned(StoredKey { former: None, ..key.clone() })),
            Err(barred) => {
                let record = ApiKey { altered: true, ..key.record.clone() };
                Err(Box::new(UnreadableKey { record, reason: barred.to_string(), is_ours: true }))
            }
        }
    }

    /// Keeps what other processes took away, and how far the store has come with it.
    pub(super) async fn keep_followed(
        &self,
        moment: &impl ConnectionTrait,
    ) -> Result<(), StoreError> {
        if self.watermark.is_kept() {
            let position = stored::position(moment, &self.audit, &self.rows);
            self.watermark.saw(with_timeout(position).await?);
        }
        let kept = self.watermark.keep().await;
        // Nothing that was asked for is made then.
        kept.map_err(|error| StoreError::Unusable(error.to_string()))
    }
}

impl Registry {
    /// A stored key as people see it: one that is not accepted, since it came back, is altered.
    pub(super) fn shown_key(&self, key: &ReadKey) -> ApiKey {
        let is_refused = key.as_ref().is_ok_and(|key| self.0.watermark.refuses(&key.digest));
        let shown = self.shown(record(key).clone());
        ApiKey { altered: shown.altered || is_refused, ..shown }
    }

    /// What this machine keeps outside of the database.
    pub fn watermark(&self) -> &Watermark {
        &self.0.watermark
    }

    /// Writes what changes took away and could not be written yet.
    pub async fn keep_watermark(&self) -> Result<(), StoreError> {
        self.0.watermark.keep().await
    }

    /// Writes that, and how far the store has come.
    pub async fn keep_position(&self) -> Result<(), StoreError> {
        let KnownKeys { db, audit, rows, watermark, .. } = &*self.0;
        watermark.keep_position(db, audit, rows).await
    }
}
