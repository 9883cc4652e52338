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
    /// The store.
    pub db: DatabaseConnection,
    /// The time.
    pub clock: Clock,
    /// Who did what.
    pub audit: AuditLog,
    /// Records refusals.
    pub refusals: Refusals,
    /// Makes and checks the macs of rows.
    pub rows: RowKey,
    /// Users and sessions.
    pub people: People,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// The cookies of people who sign in.
    pub cookies: Arc<Cookies>,
    /// Recognises browsers that signed in before.
    pub browsers: KnownBrowsers,
    /// Slows down those who guess passwords.
    pub limit: SignInLimit,
    /// Whether the first administrator was created.
    pub setup_status: Recent<Result<bool, StoreError>>,
    /// The address people use.
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
