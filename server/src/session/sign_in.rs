//! What set-up and sign-in need of the server.

use std::ops::Deref;
use std::sync::Arc;

use keyward_core::row::RowKey;
use url::Url;

use super::browser::KnownBrowsers;
use super::cookie::Cookies;
use super::limit::SignInLimit;
use super::password::Passwords;
use super::people::People;
use crate::audit::{AuditLog, Refusals};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};
use crate::recent::Recent;

/// What set-up and sign-in need of the server. Cheap to clone.
#[derive(Clone)]
pub struct SignInService(Arc<SignInParts>);

/// The parts of [`SignInService`].
pub struct SignInParts {
    pub db: DatabaseConnection,
    pub clock: Clock,
    pub audit: AuditLog,
    pub refusals: Refusals,
    pub rows: RowKey,
    pub people: People,
    pub passwords: Passwords,
    pub cookies: Arc<Cookies>,
    pub browsers: KnownBrowsers,
    pub limit: SignInLimit,
    /// Whether the first administrator was created.
    pub setup_status: Recent<Result<bool, StoreError>>,
    pub public_url: Url,
}

impl From<SignInParts> for SignInService {
    fn from(parts: SignInParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for SignInService {
    type Target = SignInParts;

    fn deref(&self) -> &SignInParts {
        &self.0
    }
}
