use std::mem;
use std::net::IpAddr;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::Service;

use super::refusal::Refusal;
use super::verdict::judge;
use super::{KeywardLayer, ResponseFuture};
use crate::header::{X_API_KEY, presented};

/// Calls the inner service for requests with a good key; see the crate for the rules.
///
/// The body of its responses must be one that can be made of a text, as those of axum and
/// `http-body-util` can: a refusal has one.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeywardService<S> {
    pub(super) inner: S,
    pub(super) layer: KeywardLayer,
}

impl<S, Q, B> Service<Request<Q>> for KeywardService<S>
where
    S: Service<Request<Q>, Response = Response<B>> + Clone,
    B: From<String>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S, Q>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let KeywardLayer { client, scope, address } = &self.layer;
        // A socket for both families shows IPv4 callers as ::ffff:192.0.2.1, which no IPv4
        // network has.
        let address = address.and_then(|find| find(&parts)).as_ref().map(IpAddr::to_canonical);
        let answer = match presented(&parts.headers) {
            Ok(key) => client.ask(key, scope.clone(), address),
            Err(error) => {
                tracing::debug!(%error, "request refused");
                return ResponseFuture::refused(Refusal::Unauthenticated);
            }
        };
        let scope = scope.clone();
        let asking = async move { judge(answer.await, scope) };
        parts.headers.remove(X_API_KEY);
        // The service that was polled ready is the one to call; the clone that stays here is
        // polled before its own turn.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        ResponseFuture::asking(Box::pin(asking), inner, Request::from_parts(parts, body))
    }
}
