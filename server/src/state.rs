//! What handlers share. Each takes the service that it needs (`FromRef`), and none of them knows this
//! type.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use keyward_core::row::RowKey;
use url::Url;

use crate::access::Guard;
use crate::audit::{AuditLog, Reader, Refusals};
use crate::clock::Clock;
use crate::database::DatabaseConnection;
use crate::encryption::{Keyring, Rotation};
use crate::http::client_address::TrustedProxies;
use crate::http::health::Health;
use crate::http::metrics_page::MetricsPage;
use crate::keys::Registry;
use crate::keys::authenticator::Authenticator;
use crate::keys::forward_auth::ForwardAuth;
use crate::providers::Credentials;
use crate::secrets::Vault;
use crate::session::people::People;
use crate::session::sign_in::SignInService;

/// Cheap to clone: every request does it.
#[derive(Clone)]
pub struct AppState(Arc<Services>);

/// The services.
pub struct Services {
    /// The store.
    pub db: DatabaseConnection,
    /// The time.
    pub clock: Clock,
    /// Who did what.
    pub audit: AuditLog,
    /// The same, for those who may read it.
    pub reader: Reader,
    /// Refusals of this minute, on their way there.
    pub refusals: Refusals,
    /// Makes and checks the macs of rows.
    pub rows: RowKey,
    /// The keys.
    pub keys: Registry,
    /// Verifies the ones that are presented.
    pub authenticator: Arc<Authenticator>,
    /// Answers proxies.
    pub forward_auth: ForwardAuth,
    /// Counts and times.
    pub metrics: MetricsPage,
    /// Seals and opens values.
    pub keyring: Keyring,
    /// Moves values under a new data key.
    pub rotation: Rotation,
    /// The secrets.
    pub vault: Vault,
    /// The keys of providers.
    pub credentials: Credentials,
    /// Users and sessions.
    pub people: People,
    /// Set-up and sign-in.
    pub sign_in: SignInService,
    /// What tells who calls.
    pub guard: Guard,
    /// Proxies whose `X-Forwarded-For` and `X-Request-Id` are believed.
    pub proxies: TrustedProxies,
    /// Whether the server can do its work.
    pub health: Health,
    /// The address people use.
    pub public_url: Url,
}

macro_rules! from_ref {
    ($($service:ident: $type:ty),* $(,)?) => {
        $(impl FromRef<AppState> for $type {
            fn from_ref(state: &AppState) -> Self {
                state.$service.clone()
            }
        })*
    };
}

from_ref! {
    clock: Clock,
    reader: Reader,
    refusals: Refusals,
    keys: Registry,
    authenticator: Arc<Authenticator>,
    metrics: MetricsPage,
    rotation: Rotation,
    vault: Vault,
    credentials: Credentials,
    sign_in: SignInService,
    guard: Guard,
    proxies: TrustedProxies,
    health: Health,
}

impl From<Services> for AppState {
    fn from(services: Services) -> Self {
        Self(Arc::new(services))
    }
}

impl Deref for AppState {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.0
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.public_url.as_str();
        f.debug_struct("AppState").field("public_url", &url).finish_non_exhaustive()
    }
}
