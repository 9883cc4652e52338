use tower::Layer;

use super::ApiKeyService;

/// Puts [`ApiKeyService`] around a service.
#[derive(Clone, Debug)]
pub struct ApiKeyLayer<V> {
    verify: V,
}

impl<V> ApiKeyLayer<V> {
    /// A layer that asks `verify`.
    pub fn new(verify: V) -> Self {
        Self { verify }
    }
}

impl<S, V: Clone> Layer<S> for ApiKeyLayer<V> {
    type Service = ApiKeyService<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        ApiKeyService { inner, verify: self.verify.clone() }
    }
}
