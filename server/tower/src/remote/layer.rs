use std::net::IpAddr;
use std::time::Duration;

use http::request::Parts;
use keyward_api::scopes::Scope;
use tower::Layer;

use super::client::Client;
use super::{ConfigError, KeywardService};

/// Finds the address of the client in a request.
pub type ClientAddress = fn(&Parts) -> Option<IpAddr>;

/// Puts [`KeywardService`] around a service.
///
/// Clones share their connections to Keyward, so one layer can be made at the start and
/// cloned for routes that need other scopes. `Debug` shows no key.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeywardLayer {
    pub(super) client: Client,
    pub(super) scope: Option<Scope>,
    pub(super) address: Option<ClientAddress>,
}

impl KeywardLayer {
    /// A layer that asks the Keyward at this URL (`http` or `https`; a path is kept, for a
    /// Keyward behind one), with a key that has the scope `keys:verify`.
    ///
    /// Nothing is asked yet: a service can start before Keyward does.
    pub fn new(url: &str, key: &str) -> Result<Self, ConfigError> {
        Ok(Self { client: Client::new(url, key)?, scope: None, address: None })
    }

    /// Lets only keys pass that have this scope. Replaces one that was given before.
    pub fn with_scope(self, scope: &str) -> Result<Self, ConfigError> {
        let scope = Scope::asked(scope.to_owned()).map_err(ConfigError::Scope)?;
        Ok(Self { scope: Some(scope), ..self })
    }

    /// How long Keyward may take to answer, connecting included; 2 seconds when not set.
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.client.timeout = timeout;
        self
    }

    /// Tells Keyward where the caller is, for keys that are accepted from some networks only.
    ///
    /// What the function reads must not be at the caller's choice: behind a proxy, a header
    /// that this proxy overwrites; with nothing in front, the address of the connection. In
    /// axum, served by `into_make_service_with_connect_info::<SocketAddr>()`:
    ///
    /// ```
    /// # use std::net::SocketAddr;
    /// # use axum::extract::ConnectInfo;
    /// # fn with_address(layer: keyward_tower::KeywardLayer) -> keyward_tower::KeywardLayer {
    /// layer.with_address(|request| {
    ///     let ConnectInfo(address) = request.extensions.get::<ConnectInfo<SocketAddr>>()?;
    ///     Some(address.ip())
    /// })
    /// # }
    /// ```
    pub fn with_address(self, address: ClientAddress) -> Self {
        Self { address: Some(address), ..self }
    }
}

impl<S> Layer<S> for KeywardLayer {
    type Service = KeywardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        KeywardService { inner, layer: self.clone() }
    }
}
