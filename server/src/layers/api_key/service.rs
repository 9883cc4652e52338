use std::task::{Context, Poll};

use http::{Request, Response};
use tower::Service;

use super::{Refusal, ResponseFuture, Verify, presented};

/// Calls the inner service for requests with a good key; see the module for the rules.
#[derive(Debug)]
pub struct ApiKeyService<S, V, B> {
    pub(super) inner: S,
    pub(super) verify: V,
    pub(super) refuse: fn(Refusal) -> Response<B>,
}

// Derived, it would ask the response body to be `Clone`.
impl<S: Clone, V: Clone, B> Clone for ApiKeyService<S, V, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), verify: self.verify.clone(), refuse: self.refuse }
    }
}

impl<S, V, Q, B> Service<Request<Q>> for ApiKeyService<S, V, B>
where
    S: Service<Request<Q>, Response = Response<B>>,
    V: Verify,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let caller = presented(request.headers())
            .and_then(|key| self.verify.verify(key).ok_or(Refusal::Unknown));
        match caller {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                ResponseFuture::called(self.inner.call(request))
            }
            Err(refusal) => ResponseFuture::refused((self.refuse)(refusal)),
        }
    }
}
