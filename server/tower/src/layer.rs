//! What is configured.

use std::time::Duration;

use keyward_api::scopes::{Scope, ScopeError};
use keyward_client::Client;
use tower::Layer;

use crate::question::{ClientAddress, Question};
use crate::service::KeywardService;

/// Why a layer cannot be made. None shows the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The URL or the back end's own key is none, or there is no HTTP client.
    #[error(transparent)]
    Client(#[from] keyward_client::ConfigError),
    /// The scope is none.
    #[error("{0}")]
    Scope(#[source] ScopeError),
}

/// Puts [`KeywardService`] around a service.
///
/// Clones share their connections to Keyward, so one layer can be made at the start and
/// cloned for routes that need other scopes. `Debug` shows no key.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeywardLayer {
    question: Question,
}

impl KeywardLayer {
    /// A layer that asks the Keyward at this URL (`http` or `https`; a path is kept, for a
    /// Keyward behind one), with a key that has the scope `keys:verify`.
    ///
    /// Nothing is asked yet: a service can start before Keyward does.
    pub fn new(url: &str, key: &str) -> Result<Self, ConfigError> {
        let client = Client::new(url, key)?;
        Ok(Self { question: Question { client, scope: None, address: None } })
    }

    /// Lets only keys pass that have this scope. Replaces one that was given before.
    pub fn with_scope(self, scope: &str) -> Result<Self, ConfigError> {
        let scope = Scope::new(scope.to_owned()).map_err(ConfigError::Scope)?;
        Ok(Self { question: Question { scope: Some(scope), ..self.question } })
    }

    /// How long Keyward may take to answer, connecting included; 2 seconds when not set.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        let client = self.question.client.with_timeout(timeout);
        Self { question: Question { client, ..self.question } }
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
        Self { question: Question { address: Some(address), ..self.question } }
    }
}

impl<S> Layer<S> for KeywardLayer {
    type Service = KeywardService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        KeywardService { inner, question: self.question.clone() }
    }
}
