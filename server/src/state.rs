//! What handlers share.

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use sea_orm::DatabaseConnection;
use url::Url;

use crate::clock::Clock;
use crate::keys::Registry;
use crate::session::limit::SignInLimit;
use crate::session::password::Passwords;
use crate::session::setup::SetupToken;

/// Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The store.
    pub db: DatabaseConnection,
    /// The time.
    pub clock: Clock,
    /// The keys.
    pub keys: Registry,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// Opens the set-up, once.
    pub setup: SetupToken,
    /// Slows down whoever guesses passwords.
    pub sign_in_limit: Arc<SignInLimit>,
    /// The address people use.
    pub public_url: Arc<Url>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[IpNet]>,
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState")
            .field("public_url", &self.public_url.as_str())
            .finish_non_exhaustive()
    }
}
