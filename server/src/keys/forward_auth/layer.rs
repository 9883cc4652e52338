use std::net::SocketAddr;

use tower::Layer;

use super::service::{ForwardAuth, ForwardAuthService};

/// Puts [`ForwardAuthService`] around the service of a connection.
#[derive(Clone)]
pub struct ForwardAuthLayer {
    forward_auth: ForwardAuth,
    peer: SocketAddr,
}

impl ForwardAuthLayer {
    /// A layer for requests that come from `peer`.
    pub fn new(forward_auth: ForwardAuth, peer: SocketAddr) -> Self {
        Self { forward_auth, peer }
    }
}

impl<S> Layer<S> for ForwardAuthLayer {
    type Service = ForwardAuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ForwardAuthService { forward_auth: self.forward_auth.clone(), peer: self.peer, inner }
    }
}
