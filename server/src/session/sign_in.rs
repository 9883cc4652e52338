//! What set-up and sign-in need of the server.

use std::ops::Deref;
use std::sync::Arc;

use keyward_core::row::RowKey;
use url::Url;

use super::account::Accounts;
use super::browser::KnownBrowsers;
use super::cookie::Cookies;
use super::limit::SignInLimit;
use super::password::Passwords;
use super::people::People;
use crate::audit::{AuditLog, Refusals};
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};
use crate::http::error::Error;
use crate::oidc::flow::FlowSealer;
use crate::oidc::provider::Provider;
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
    pub accounts: Accounts,
    pub passwords: Passwords,
    pub cookies: Arc<Cookies>,
    pub browsers: KnownBrowsers,
    pub limit: SignInLimit,
    /// Whether the first administrator was created.
    pub setup_status: Recent<Result<bool, StoreError>>,
    pub public_url: Url,
    /// Whether passwords are taken.
    pub local_sign_in: bool,
    /// The identity provider, if there is one.
    pub sso: Option<Provider>,
    /// Seals what browsers carry to it and back.
    pub flows: FlowSealer,
}

impl From<SignInParts> for SignInService {
    fn from(parts: SignInParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl SignInParts {
    /// Refuses where only the identity provider may sign people in.
    pub fn require_local_sign_in(&self) -> Result<(), Error> {
        if self.local_sign_in { Ok(()) } else { Err(Error::LocalSignInOff) }
    }
}

impl Deref for SignInService {
    type Target = SignInParts;

    fn deref(&self) -> &SignInParts {
        &self.0
    }
}
