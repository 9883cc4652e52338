//! The only place that changes keys: the database first, then the cache, and only then the
//! answer.
//!
//! A change that takes something away is answered when no server accepts what it took away: see
//! [`crate::replicas`].
//!
//! 1. Changes and reloads take turns, so the cache follows the order of the commits.
//! 2. A change runs in a task of its own: a caller that hangs up between the commit and
//!    the cache does not leave a revoked key accepted.
//! 3. Every change raises the generation in its transaction. A generation that this process
//!    did not write means that another one (the command line, a second server) changed
//!    the keys: those that were changed are read again, within [`POLL`](super::following::POLL), or all when the changes
//!    are no longer remembered.

use std::sync::{Arc, Mutex as SyncMutex};
use std::time::Duration;

use keyward_api::Changed;
use keyward_api::keys::ApiKey;
use keyward_api::replicas::Effective;
use keyward_core::cache::Cache;
use keyward_core::row::RowKey;
use keyward_core::token::PlainKey;
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::sync::Mutex;

use super::altered::Watch;
use super::authenticator::Authenticator;
use super::changes::{self, Replaced, Updated};
use super::error::KeyError;
use super::finish::finish;
use super::listing::{KeyCounts, ListThread, Listing};
use super::new_key::{KeyChange, NewDigest, NewKey};
use super::once::Once;
use super::verifier::Verifier;
use crate::audit::{Action, Actor, AuditLog};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError, beside};
use crate::keys::known_keys::KnownKeys;
use crate::replicas::Membership;
use crate::watermark::Watermark;

/// Why the keys could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("no thread for lists: {0}")]
    Thread(std::io::Error),
}

/// The keys of this installation, stored and in memory.
#[derive(Clone)]
pub struct Registry(pub(super) Arc<KnownKeys>);

impl Registry {
    /// Loads all keys. Rows that cannot be read are logged and left out.
    pub async fn load(
        db: DatabaseConnection,
        clock: Clock,
        audit: AuditLog,
        rows: RowKey,
        membership: Membership,
        watermark: Watermark,
    ) -> Result<Self, LoadError> {
        let registry = Self::open(db, clock, audit, rows, membership, watermark, false)?;
        registry.0.load(&mut *registry.0.known.lock().await).await?;
        Ok(registry)
    }

    /// Loads none: for a command that changes some and verifies none.
    pub fn for_changes(
        db: DatabaseConnection,
        clock: Clock,
        audit: AuditLog,
        rows: RowKey,
        watermark: Watermark,
    ) -> Result<Self, LoadError> {
        Self::open(db, clock, audit, rows, Membership::of_command(), watermark, true)
    }

    fn open(
        db: DatabaseConnection,
        clock: Clock,
        audit: AuditLog,
        rows: RowKey,
        membership: Membership,
        watermark: Watermark,
        is_partial: bool,
    ) -> Result<Self, LoadError> {
        let mut seed = [0; 32];
        SysRng.try_fill_bytes(&mut seed).map_err(StoreError::from)?;
        let uses_seen = SyncMutex::new(clock.now());
        let inner = KnownKeys {
            beside: beside(&db),
            db,
            clock,
            audit,
            rows,
            membership,
            members: Arc::default(),
            cache: Arc::new(Cache::new(seed)),
            last_used: Arc::default(),
            traffic: Arc::default(),
            listing: Listing::default(),
            list_thread: ListThread::start().map_err(LoadError::Thread)?,
            known: Mutex::new(None),
            altered: Watch::default(),
            conflicts: SyncMutex::default(),
            is_partial,
            watermark,
            uses_seen,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// What verifies these keys.
    pub fn authenticator(&self) -> Authenticator {
        let KnownKeys { cache, last_used, clock, membership, traffic, .. } = &*self.0;
        let (cache, last_used) = (cache.clone(), last_used.clone());
        let verifier = Verifier::new(cache, last_used, clock.clone(), membership.lease());
        Authenticator::new(verifier, traffic.clone(), membership.servers().clone())
    }

    pub fn len(&self) -> usize {
        self.0.cache.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keys there are now. Costs the same however many there are.
    pub fn counts(&self) -> KeyCounts {
        self.0.listing.counts(self.0.clock.now())
    }

    /// An overlap that is over is none.
    pub(super) fn shown(&self, mut record: ApiKey) -> ApiKey {
        let now = self.0.clock.now();
        record.overlap = record.overlap.filter(|overlap| overlap.ends_at > now);
        record
    }

    /// Makes a key. Its text exists in the answer and nowhere else.
    pub async fn create(&self, new: NewKey, actor: &Actor) -> Result<(ApiKey, PlainKey), KeyError> {
        self.create_once(new, None, actor).await
    }

    /// Makes a key, unless a request that was marked so made it before.
    pub async fn create_once(
        &self,
        new: NewKey,
        once: Option<Once>,
        actor: &Actor,
    ) -> Result<(ApiKey, PlainKey), KeyError> {
        let plain = PlainKey::generate(&mut SysRng)?;
        let event = actor.did(Action::KeyCreate, Some(new.name.as_str().to_owned()));
        let event = event.with_detail(new.to_string());
        let (inner, actor, digest) = (self.0.clone(), actor.clone(), new_digest(&plain));
        let record = finish(async move {
            let mut change = inner.begin(&actor).await?;
            let now = inner.clock.now();
            if let Some(once) = &once {
                once.find(change.keys.transaction(), now).await?;
            }
            let (manager, by) = (&change.manager, actor.as_creator());
            let key = changes::insert(&mut change.keys, manager, new, digest, by, now).await?;
            if let Some(once) = once {
                once.store(change.keys.transaction(), &key.record.id, now).await?;
            }
            inner.commit(change, event, |inner| inner.cache_key(&key)).await?;
            Ok(key.record)
        })
        .await?;
        Ok((record, plain))
    }

    /// Changes a key; when this returns, verifications go by the change: those of all servers, if
    /// it takes something away.
    pub async fn update(
        &self,
        id: String,
        change: KeyChange,
        actor: &Actor,
    ) -> Result<Changed<ApiKey>, KeyError> {
        let (inner, actor) = (self.0.clone(), actor.clone());
        let (record, commit) = finish(async move {
            let mut begun = inner.begin(&actor).await?;
            let (detail, now) = (change.to_string(), inner.clock.now());
            let Updated { key, former_name, takes_away } =
                changes::update(&mut begun.keys, &begun.manager, &id, change, now).await?;
            if detail.is_empty() {
                // Nothing was asked for: the transaction ends without a change.
                return Ok((key.record, None));
            }
            let event = actor.did(Action::KeyUpdate, Some(former_name)).with_detail(detail);
            let commit = inner.commit(begun, event, |inner| inner.cache_key(&key)).await?;
            Ok((key.record, takes_away.then_some(commit)))
        })
        .await?;
        Ok(Changed { data: self.shown(record), effective: self.in_effect(commit).await? })
    }

    /// Replaces a key by another with the same id and all that belongs to it; the old one
    /// works for `grace` longer, and never past the expiry. When this returns, verifications
    /// go by the change: those of all servers, if a key is refused from now on.
    pub async fn rotate(
        &self,
        id: String,
        grace: Duration,
        actor: &Actor,
    ) -> Result<(Changed<ApiKey>, PlainKey), KeyError> {
        let (record, plain, _) = self.replace(id, grace, actor).await?;
        Ok((record, plain))
    }

    /// Like [`rotate`](Self::rotate); what was replaced can be [put back](Self::put_back).
    pub async fn replace(
        &self,
        id: String,
        grace: Duration,
        actor: &Actor,
    ) -> Result<(Changed<ApiKey>, PlainKey, Replaced), KeyError> {
        let plain = PlainKey::generate(&mut SysRng)?;
        // So that the old key takes the time of its last use along.
        self.flush_uses().await?;
        let (inner, actor, digest) = (self.0.clone(), actor.clone(), new_digest(&plain));
        let (record, replaced, commit) = finish(async move {
            let mut begun = inner.begin(&actor).await?;
            let (manager, now) = (&begun.manager, inner.clock.now());
            let rotated = changes::rotate(&mut begun.keys, manager, &id, digest, grace, now);
            let (key, replaced, takes_away) = rotated.await?;
            let event = actor.did(Action::KeyRotate, Some(key.record.name.clone()));
            let event = event.with_detail(format!("grace: {} s", grace.as_secs()));
            let commit = inner.commit(begun, event, |inner| inner.cache_key(&key)).await?;
            Ok((key.record, replaced, takes_away.then_some(commit)))
        })
        .await?;
        let effective = self.in_effect(commit).await?;
        Ok((Changed { data: self.shown(record), effective }, plain, replaced))
    }

    /// Undoes a rotation whose new key nobody has seen, unless the key was changed since.
    pub async fn put_back(&self, replaced: Replaced, actor: &Actor) -> Result<(), KeyError> {
        let (inner, actor) = (self.0.clone(), actor.clone());
        finish(async move {
            let mut begun = inner.begin(&actor).await?;
            let key = changes::put_back(&mut begun.keys, replaced, inner.clock.now()).await?;
            let event = actor.did(Action::KeyRotate, Some(key.record.name.clone()));
            let event = event.with_detail("undone: the new key could not be printed");
            inner.commit(begun, event, |inner| inner.cache_key(&key)).await?;
            Ok(())
        })
        .await
    }

    /// Ends an overlap; when this returns, no server accepts the old key.
    pub async fn end_overlap(
        &self,
        id: String,
        actor: &Actor,
    ) -> Result<Changed<ApiKey>, KeyError> {
        let (inner, actor) = (self.0.clone(), actor.clone());
        let (record, commit) = finish(async move {
            let mut begun = inner.begin(&actor).await?;
            let (manager, now) = (&begun.manager, inner.clock.now());
            let key = changes::end_overlap(&mut begun.keys, manager, &id, now).await?;
            let event = actor.did(Action::KeyRetire, Some(key.record.name.clone()));
            let commit = inner.commit(begun, event, |inner| inner.cache_key(&key)).await?;
            Ok((key.record, commit))
        })
        .await?;
        Ok(Changed { data: record, effective: self.in_effect(Some(commit)).await? })
    }

    /// Deletes a key; when this returns, no server accepts it.
    pub async fn delete(&self, id: String, actor: &Actor) -> Result<Option<Effective>, KeyError> {
        let (inner, actor) = (self.0.clone(), actor.clone());
        let commit = finish(async move {
            let mut change = inner.begin(&actor).await?;
            let name = changes::delete(&mut change.keys, &change.manager, &id).await?;
            let event = actor.did(Action::KeyDelete, Some(name));
            inner.commit(change, event, |inner| inner.remove(&id)).await
        })
        .await?;
        Ok(self.in_effect(Some(commit)).await?)
    }
}

fn new_digest(plain: &PlainKey) -> NewDigest {
    NewDigest { prefix: plain.display_prefix().to_owned(), digest: plain.digest() }
}
