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
use crate::overview::Overviews;
use crate::providers::Credentials;
use crate::replicas::Membership;
use crate::replicas::handlers::ReplicasPage;
use crate::secrets::Vault;
use crate::session::people::People;
use crate::session::sign_in::SignInService;
use crate::users::Users;

#[derive(Clone)]
pub struct AppState(Arc<Services>);

pub struct Services {
    pub db: DatabaseConnection,
    pub clock: Clock,
    pub audit: AuditLog,
    /// The same, for those who may read it.
    pub reader: Reader,
    /// Refusals of this minute, on their way there.
    pub refusals: Refusals,
    pub rows: RowKey,
    pub keys: Registry,
    pub authenticator: Arc<Authenticator>,
    pub forward_auth: ForwardAuth,
    pub metrics: MetricsPage,
    pub keyring: Keyring,
    pub rotation: Rotation,
    pub vault: Vault,
    pub credentials: Credentials,
    pub people: People,
    pub users: Users,
    pub sign_in: SignInService,
    pub overviews: Overviews,
    /// This server among those of the store.
    pub replicas: ReplicasPage,
    pub guard: Guard,
    /// Proxies whose `X-Forwarded-For` and `X-Request-Id` are believed.
    pub proxies: TrustedProxies,
    pub health: Health,
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
    users: Users,
    sign_in: SignInService,
    overviews: Overviews,
    replicas: ReplicasPage,
    guard: Guard,
    proxies: TrustedProxies,
    health: Health,
}

impl FromRef<AppState> for Membership {
    fn from_ref(state: &AppState) -> Self {
        state.replicas.membership.clone()
    }
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
