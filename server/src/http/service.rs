//! Where requests come in. Questions of forward auth are answered here, and everything else
//! goes on to the router: they are the most frequent, come from other sites with bodies that
//! nobody reads, and need none of its layers.

use std::convert::Infallible;
use std::future::Ready;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use tower::{Layer, Service};

use crate::access::api_key::{ApiKeyLayer, ApiKeyService, ResponseFuture};
use crate::http::client_address::is_trusted;
use crate::http::extract::X_REQUEST_ID;
use crate::keys::forward_auth::{self, Allow, ForwardAuth};
use crate::state::AppState;

/// Everything the server answers; [`crate::http::connections::serve`] takes it as it is.
#[derive(Clone)]
pub struct Entrance {
    state: AppState,
    router: Router,
    has_forward_auth: bool,
}

/// An answer on its way.
pub type Answering =
    Either<ResponseFuture<Ready<Result<Response, Infallible>>, Body>, RouteFuture<Infallible>>;

impl Entrance {
    /// An entrance to `router`.
    pub fn new(state: AppState, router: Router) -> Self {
        Self { state, router, has_forward_auth: true }
    }

    /// An entrance to `router` and to nothing else.
    pub fn without_forward_auth(state: AppState, router: Router) -> Self {
        Self { state, router, has_forward_auth: false }
    }

    /// What answers the requests that come from `peer`.
    pub fn connection(&self, peer: SocketAddr) -> Connection {
        let verify = ApiKeyLayer::new(ForwardAuth::new(self.state.clone(), peer)).layer(Allow);
        let is_trusted = is_trusted(peer.ip(), &self.state.trusted_proxies);
        let (router, has_forward_auth) = (self.router.clone(), self.has_forward_auth);
        Connection { peer, is_trusted, has_forward_auth, verify, router }
    }
}

/// Answers the requests of one connection.
#[derive(Clone)]
pub struct Connection {
    peer: SocketAddr,
    is_trusted: bool,
    has_forward_auth: bool,
    verify: ApiKeyService<Allow, ForwardAuth>,
    router: Router,
}

impl Connection {
    /// Begins to answer a request.
    pub fn answer(&self, mut request: Request) -> Answering {
        // Both services are always ready.
        if self.has_forward_auth && forward_auth::answers(request.uri().path()) {
            return Either::Left(self.verify.clone().call(request));
        }
        // It would stand in log and audit log, where only the server or its proxies name
        // requests.
        if !self.is_trusted {
            request.headers_mut().remove(X_REQUEST_ID);
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Either::Right(self.router.clone().call(request))
    }
}
