//! Where requests come in. Questions of forward auth are answered here, and everything else
//! goes on to the router: they are the most frequent, come from other sites with bodies that
//! nobody reads, and need none of its layers.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::serve::{IncomingStream, Listener};
use futures_util::future::Either;
use tower::{Layer, Service};

use crate::keys::forward_auth::{self, Allow, ForwardAuth};
use crate::layers::api_key::{ApiKeyLayer, ApiKeyService, ResponseFuture};
use crate::state::AppState;

/// Everything the server answers; `axum::serve` takes it as it is.
#[derive(Clone)]
pub struct Entrance {
    state: AppState,
    router: Router,
}

impl Entrance {
    /// An entrance to `router`.
    pub fn new(state: AppState, router: Router) -> Self {
        Self { state, router }
    }
}

impl<L: Listener<Addr = SocketAddr>> Service<IncomingStream<'_, L>> for Entrance {
    type Response = Connection;
    type Error = Infallible;
    type Future = Ready<Result<Connection, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, L>) -> Self::Future {
        let peer = *stream.remote_addr();
        let verify = ApiKeyLayer::new(ForwardAuth::new(self.state.clone(), peer)).layer(Allow);
        ready(Ok(Connection { peer, verify, router: self.router.clone() }))
    }
}

/// Answers the requests of one connection.
#[derive(Clone)]
pub struct Connection {
    peer: SocketAddr,
    verify: ApiKeyService<Allow, ForwardAuth>,
    router: Router,
}

impl Service<Request> for Connection {
    type Response = Response;
    type Error = Infallible;
    type Future =
        Either<ResponseFuture<Ready<Result<Response, Infallible>>, Body>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // As the router and the layer are, always.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        if forward_auth::answers(request.uri().path()) {
            return Either::Left(self.verify.call(request));
        }
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Either::Right(self.router.call(request))
    }
}
