//! What handlers share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ipnet::IpNet;
use keyward_core::row::RowKey;
use tokio::sync::Mutex;
use url::Url;

use crate::audit::AuditLog;
use crate::audit::folding::Folding;
use crate::audit::reading::Reading;
use crate::clock::Clock;
use crate::database::{DatabaseConnection, StoreError};
use crate::encryption::{Keyring, Rotation};
use crate::keys::Registry;
use crate::keys::admission::Admission;
use crate::keys::forward_auth::ForwardAuthConfig;
use crate::metrics::Metrics;
use crate::providers::Credentials;
use crate::recent::Recent;
use crate::secrets::Vault;
use crate::session::browser::KnownBrowsers;
use crate::session::cookie::Cookies;
use crate::session::limit::SignInLimit;
use crate::session::password::Passwords;
use crate::session::people::People;

/// Cheap to clone: every request does it.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

/// What is shared.
pub struct Shared {
    /// The store.
    pub db: DatabaseConnection,
    /// The time.
    pub clock: Clock,
    /// Who did what.
    pub audit: AuditLog,
    /// Refusals of this minute, on their way there.
    pub refusals: Folding,
    /// Who read it within the last minute.
    pub reading: Reading,
    /// Makes and checks the macs of rows.
    pub rows: RowKey,
    /// The keys.
    pub keys: Registry,
    /// Judges the ones that are presented.
    pub admission: Admission,
    /// How proxies are answered.
    pub forward_auth: ForwardAuthConfig,
    /// What is counted.
    pub metrics: Metrics,
    /// What seals and opens values.
    pub keyring: Keyring,
    /// Moves values under a new data key.
    pub rotation: Rotation,
    /// The secrets.
    pub vault: Vault,
    /// The keys of providers.
    pub credentials: Credentials,
    /// Users and sessions.
    pub people: People,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// The cookies of people who sign in.
    pub cookies: Cookies,
    /// Recognises browsers that signed in before.
    pub browsers: KnownBrowsers,
    /// Slows down whoever guesses passwords.
    pub sign_in_limit: SignInLimit,
    /// The address people use.
    pub public_url: Url,
    /// Proxies whose `X-Forwarded-For` and `X-Request-Id` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether the store can be used; on failure, why not.
    pub readiness: Recent<Result<(), StoreError>>,
    /// Whether the first administrator was created; on failure, why nobody knows.
    pub setup_status: Recent<Result<bool, StoreError>>,
    /// Held while it is tried whether the store takes writes.
    pub write_attempt: Arc<Mutex<()>>,
    /// Whether `/metrics` has an address of its own.
    pub metrics_are_elsewhere: bool,
    /// Whether the server was told to stop, and takes no more than it must.
    pub is_stopping: AtomicBool,
}

impl From<Shared> for AppState {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.public_url.as_str();
        f.debug_struct("AppState").field("public_url", &url).finish_non_exhaustive()
    }
}
