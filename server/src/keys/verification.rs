//! What became of a presented key. The one list: the label of the metrics, the code of the
//! contract and, in `http::error`, the answer come from it.

use std::sync::Arc;
use std::time::Duration;

use keyward_api::scopes::Scope;
use keyward_api::verification::VerdictCode;

use super::cached_key::CachedKey;
use super::rate::Allowance;

#[derive(Clone, Debug)]
pub struct Caller {
    pub key: Arc<CachedKey>,
    /// What is left of its rate limit, if it has one.
    pub allowance: Option<Allowance>,
}

#[derive(Clone, Debug)]
pub enum Verification {
    Accepted(Caller),
    Missing,
    /// What was presented cannot be one key.
    Malformed,
    Unknown,
    Disabled(Arc<CachedKey>),
    /// The key has expired, or was replaced and its overlap has ended.
    Expired(Arc<CachedKey>),
    /// The key is good, but not from this address.
    AddressNotAllowed(Arc<CachedKey>),
    /// The key is good, but lacks this scope.
    MissingScope(Arc<CachedKey>, String),
    /// The key was used too often; after this time it is accepted again.
    RateLimited(Arc<CachedKey>, Allowance, Duration),
    /// Too many failures came from the address; the next attempt is welcome after this time.
    Throttled(Duration),
    /// This server cannot tell whether the key still holds: see [`keyward_core::lease`].
    NoLease,
}

/// The labels, in the order of [`Verification::index`].
pub const LABELS: [&str; 11] = [
    "accepted",
    "missing",
    "malformed",
    "unknown",
    "disabled",
    "expired",
    "address_not_allowed",
    "missing_scope",
    "rate_limited",
    "throttled",
    "no_lease",
];

impl Verification {
    /// Its place in [`LABELS`].
    pub fn index(&self) -> usize {
        match self {
            Self::Accepted(_) => 0,
            Self::Missing => 1,
            Self::Malformed => 2,
            Self::Unknown => 3,
            Self::Disabled(_) => 4,
            Self::Expired(_) => 5,
            Self::AddressNotAllowed(_) => 6,
            Self::MissingScope(..) => 7,
            Self::RateLimited(..) => 8,
            Self::Throttled(_) => 9,
            Self::NoLease => 10,
        }
    }

    pub fn label(&self) -> &'static str {
        LABELS[self.index()]
    }

    /// What a back end is answered that asks about the key.
    pub fn code(&self) -> VerdictCode {
        match self {
            Self::Accepted(_) => VerdictCode::Valid,
            // Without a lease there is no verdict: who asks is answered 503.
            Self::Missing | Self::Malformed | Self::Unknown | Self::NoLease => {
                VerdictCode::NotFound
            }
            Self::Disabled(_) => VerdictCode::Disabled,
            Self::Expired(_) => VerdictCode::Expired,
            Self::AddressNotAllowed(_) => VerdictCode::AddressNotAllowed,
            Self::MissingScope(..) => VerdictCode::InsufficientScope,
            Self::RateLimited(..) | Self::Throttled(_) => VerdictCode::RateLimited,
        }
    }

    pub fn key(&self) -> Option<&Arc<CachedKey>> {
        match self {
            Self::Accepted(Caller { key, .. })
            | Self::Disabled(key)
            | Self::Expired(key)
            | Self::AddressNotAllowed(key)
            | Self::MissingScope(key, _)
            | Self::RateLimited(key, ..) => Some(key),
            Self::Missing
            | Self::Malformed
            | Self::Unknown
            | Self::Throttled(_)
            | Self::NoLease => None,
        }
    }

    /// Whether the presented key exists and may be used again from this address.
    pub fn is_of_good_key(&self) -> bool {
        matches!(
            self,
            Self::Accepted(_)
                | Self::AddressNotAllowed(_)
                | Self::MissingScope(..)
                | Self::RateLimited(..)
        )
    }

    /// The same, if the key grants this scope as well.
    #[must_use]
    pub fn with_scope(self, scope: &Scope) -> Self {
        match &self {
            Self::Accepted(Caller { key, .. }) if !key.identity.has_scope(scope.as_str()) => {
                self.without_scope(scope.as_str())
            }
            _ => self,
        }
    }

    #[must_use]
    pub fn without_scope(self, scope: &str) -> Self {
        match self {
            Self::Accepted(Caller { key, .. }) => Self::MissingScope(key, scope.to_owned()),
            other => other,
        }
    }
}
