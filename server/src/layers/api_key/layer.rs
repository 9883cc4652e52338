use http::Response;
use tower::Layer;

use super::{ApiKeyService, Refusal};

/// Puts [`ApiKeyService`] around a service.
#[derive(Debug)]
pub struct ApiKeyLayer<V, B> {
    verify: V,
    refuse: fn(Refusal) -> Response<B>,
}

impl<V, B> ApiKeyLayer<V, B> {
    /// A layer that asks `verify` and answers refusals with `refuse`.
    pub fn new(verify: V, refuse: fn(Refusal) -> Response<B>) -> Self {
        Self { verify, refuse }
    }
}

// Derived, it would ask the response body to be `Clone`.
impl<V: Clone, B> Clone for ApiKeyLayer<V, B> {
    fn clone(&self) -> Self {
        Self { verify: self.verify.clone(), refuse: self.refuse }
    }
}

impl<S, V: Clone, B> Layer<S> for ApiKeyLayer<V, B> {
    type Service = ApiKeyService<S, V, B>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiKeyService { inner, verify: self.verify.clone(), refuse: self.refuse }
    }
}
