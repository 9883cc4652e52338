//! From a presented text to who calls. Memory only: goes on when the database is away.

use std::sync::Arc;

use axum::body::Bytes;
use http::HeaderValue;
use keyward_api::Data;
use keyward_api::keys::{ApiKey, VerifiedCaller};
use keyward_api::scopes::grants;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;

use super::activity::{Activity, Mark};
use super::cache::Cache;
use super::row::StoredKey;
use super::token::{self, KeyDigest};
use crate::clock::Clock;
use crate::layers::api_key::Verify;

/// What is escaped in the value of a header: everything but RFC 3986 unreserved characters.
const HEADER_ESCAPES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a verification needs to know of a key, ready to be sent.
#[derive(Debug)]
pub struct CachedKey {
    /// The id of the key.
    pub id: Arc<str>,
    /// What `/api/verify` answers: made once for each key, not for each request.
    pub identity: Identity,
    enabled: bool,
    expires_at: Option<OffsetDateTime>,
    pub(super) mark: Mark,
}

impl CachedKey {
    pub(super) fn new(key: &StoredKey) -> Self {
        let record = &key.record;
        Self {
            id: record.id.as_str().into(),
            identity: Identity::of(record),
            enabled: record.enabled,
            expires_at: record.expires_at,
            mark: Mark::default(),
        }
    }

    /// At the instant of expiry the key is already refused.
    fn has_expired(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_some_and(|expiry| expiry <= now)
    }

    /// Whether one of its scopes grants this one.
    pub fn has_scope(&self, asked: &str) -> bool {
        let held = self.identity.scopes.to_str().unwrap_or_default();
        held.split(' ').any(|held| grants(held, asked))
    }
}

/// Who calls, as it is sent.
#[derive(Debug)]
pub struct Identity {
    /// The id, percent-encoded.
    pub id: HeaderValue,
    /// The name, percent-encoded.
    pub name: HeaderValue,
    /// The scopes, separated by spaces; empty when there are none.
    pub scopes: HeaderValue,
    /// A [`VerifiedCaller`] in its envelope, as JSON.
    pub body: Bytes,
}

impl Identity {
    #[expect(
        clippy::expect_used,
        reason = "escaped texts and scopes are visible ASCII, and texts always fit JSON"
    )]
    fn of(record: &ApiKey) -> Self {
        let value = |text: &str| HeaderValue::from_str(text).expect("visible ASCII");
        let escaped = |text| value(&utf8_percent_encode(text, HEADER_ESCAPES).to_string());
        let ApiKey { id, name, scopes, .. } = record.clone();
        let joined = value(&scopes.iter().collect::<Vec<_>>().join(" "));
        let (escaped_id, escaped_name) = (escaped(&id), escaped(&name));
        let data = VerifiedCaller { key_id: id, name, scopes };
        let body = serde_json::to_vec(&Data { data }).expect("JSON of texts").into();
        Self { id: escaped_id, name: escaped_name, scopes: joined, body }
    }
}

/// The caller a good key belongs to; put into the request by the layer.
#[derive(Clone, Debug)]
pub struct Caller(pub Arc<CachedKey>);

impl Caller {
    /// Id, name and scopes of the key. Read from what would be sent, so that a key in memory
    /// holds them once.
    pub fn identity(&self) -> serde_json::Result<VerifiedCaller> {
        let body: Data<VerifiedCaller> = serde_json::from_slice(&self.0.identity.body)?;
        Ok(body.data)
    }
}

/// Looks keys up in the cache and marks the good ones as used.
#[derive(Clone)]
pub struct Verifier {
    cache: Arc<Cache<CachedKey>>,
    activity: Arc<Activity>,
    clock: Clock,
}

impl Verifier {
    pub(super) fn new(cache: Arc<Cache<CachedKey>>, activity: Arc<Activity>, clock: Clock) -> Self {
        Self { cache, activity, clock }
    }
}

/// What is found of a presented text.
#[derive(Clone, Debug)]
pub enum Judgement {
    /// The key is good.
    Good(Caller),
    /// The key is disabled.
    Disabled(Caller),
    /// The key has expired.
    Expired(Caller),
    /// No key is like it.
    Unknown,
}

impl Verifier {
    /// Looks the key up, and marks it as used if it is good.
    pub fn judge(&self, presented: &str) -> Judgement {
        // Whatever its form: imported keys keep their own, and a key of another form must
        // not be refused sooner than one of ours.
        let found = self.cache.find(&KeyDigest::of(presented));
        let now = self.clock.now();
        match found {
            Some(key) if !key.enabled => Judgement::Disabled(Caller(key)),
            Some(key) if key.has_expired(now) => Judgement::Expired(Caller(key)),
            Some(key) => {
                self.activity.mark(&key, now);
                Judgement::Good(Caller(key))
            }
            None => Judgement::Unknown,
        }
    }
}

impl Verify for Verifier {
    type Caller = Caller;

    fn verify(&self, presented: &str) -> Option<Caller> {
        match self.judge(presented) {
            Judgement::Good(caller) => return Some(caller),
            Judgement::Disabled(Caller(key)) | Judgement::Expired(Caller(key)) => {
                tracing::debug!(key_id = %key.id, "key refused: disabled or expired");
            }
            Judgement::Unknown => {
                tracing::debug!(shape = ?token::shape(presented), "key refused: unknown");
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keyward_api::scopes::Scopes;
    use time::macros::datetime;

    use super::*;

    const START: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

    fn verifier(change: impl FnOnce(&mut ApiKey)) -> (Verifier, Clock) {
        let mut record = ApiKey {
            id: "1".into(),
            name: "grüße, a b".into(),
            prefix: "good".into(),
            scopes: Scopes::default(),
            created_at: START,
            created_by: None,
            last_used_at: None,
            expires_at: None,
            enabled: true,
            unreadable: false,
        };
        change(&mut record);
        let clock = Clock::manual(START);
        let cache = Arc::new(Cache::new([1; 32]));
        let key = CachedKey::new(&StoredKey { record, digest: KeyDigest::of("good") });
        cache.insert(&key.id.clone(), KeyDigest::of("good"), Arc::new(key)).unwrap();
        (Verifier::new(cache, Arc::default(), clock.clone()), clock)
    }

    #[test]
    fn the_instant_of_expiry_is_refused_and_the_one_before_is_not() {
        let (verifier, clock) =
            verifier(|key| key.expires_at = Some(START + Duration::from_secs(1)));
        clock.advance(Duration::from_micros(999_999));
        assert!(verifier.verify("good").is_some());
        clock.advance(Duration::from_micros(1));
        assert!(verifier.verify("good").is_none());
    }

    #[test]
    fn a_disabled_key_is_refused() {
        let (verifier, _) = verifier(|key| key.enabled = false);
        assert!(verifier.verify("good").is_none());
    }

    #[test]
    fn a_key_of_any_form_is_looked_up() {
        let (verifier, _) = verifier(|_| ());
        assert!(verifier.verify("good").is_some());
        assert!(verifier.verify("Good").is_none());
    }

    #[test]
    fn the_name_is_percent_encoded_for_the_header() {
        let (verifier, _) = verifier(|_| ());
        let Caller(key) = verifier.verify("good").unwrap();
        assert_eq!(key.identity.name, "gr%C3%BC%C3%9Fe%2C%20a%20b");
    }
}
