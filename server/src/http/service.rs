//! The service of each connection: forward auth first, since its questions are the most frequent,
//! come from other sites with bodies that nobody reads, and need none of the router's layers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use tower::util::{Either, option_layer};
use tower::{Layer, Service};

use crate::http::client_address::TrustedProxies;
use crate::http::extract::X_REQUEST_ID;
use crate::keys::forward_auth::{ForwardAuth, ForwardAuthLayer, ForwardAuthService};

/// Makes the service of each connection; [`crate::http::connections::serve`] takes it as it is.
#[derive(Clone)]
pub struct MakeService {
    pub forward_auth: Option<ForwardAuth>,
    pub router: Router,
    /// Whose `X-Request-Id` is believed.
    pub proxies: TrustedProxies,
}

pub type ConnectionService = Either<ForwardAuthService<PeerService>, PeerService>;

impl MakeService {
    /// The service for requests that come from `peer`.
    pub fn connection(&self, peer: SocketAddr) -> ConnectionService {
        let is_trusted = self.proxies.trusts(peer.ip());
        let router = PeerService { peer, is_trusted, router: self.router.clone() };
        let layer = |auth: &ForwardAuth| ForwardAuthLayer::new(auth.clone(), peer);
        option_layer(self.forward_auth.as_ref().map(layer)).layer(router)
    }
}

/// The router, which learns from where its requests come.
#[derive(Clone)]
pub struct PeerService {
    peer: SocketAddr,
    is_trusted: bool,
    router: Router,
}

impl Service<Request> for PeerService {
    type Response = Response;
    type Error = Infallible;
    type Future = RouteFuture<Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.router, context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        // It would stand in log and audit log, where only the server or its proxies name
        // requests.
        if !self.is_trusted {
            request.headers_mut().remove(X_REQUEST_ID);
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        self.router.call(request)
    }
}
