use std::task::{Context, Poll};

use http::{Request, Response};
use tower::Service;

use super::{Called, ResponseFuture, Verify};

/// Calls the inner service for requests that may pass; see the module for the rules.
#[derive(Clone, Debug)]
pub struct ApiKeyService<S, V> {
    pub(super) inner: S,
    pub(super) verify: V,
}

impl<S, V, Q> Service<Request<Q>> for ApiKeyService<S, V>
where
    V: Verify,
    S: Service<Called<V::Caller, Q>, Response = Response<V::Body>>,
{
    type Response = Response<V::Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, V::Body>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        match self.verify.verify(&request) {
            Ok(caller) => ResponseFuture::called(self.inner.call(Called { caller, request })),
            Err(response) => ResponseFuture::refused(response),
        }
    }
}
