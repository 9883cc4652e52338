use std::task::{Context, Poll};

use http::{Request, Response};
use tower::Service;

use super::{ResponseFuture, Verify};

/// Calls the inner service for requests that may pass; see the module for the rules.
#[derive(Clone, Debug)]
pub struct ApiKeyService<S, V> {
    pub(super) inner: S,
    pub(super) verify: V,
}

impl<S, V, Q, B> Service<Request<Q>> for ApiKeyService<S, V>
where
    S: Service<Request<Q>, Response = Response<B>>,
    V: Verify<B>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        match self.verify.verify(&request) {
            Ok(caller) => {
                request.extensions_mut().insert(caller);
                ResponseFuture::called(self.inner.call(request))
            }
            Err(response) => ResponseFuture::refused(response),
        }
    }
}
