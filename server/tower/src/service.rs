//! Takes the key out of the request.

use std::mem;
use std::task::{Context, Poll};

use http::{Request, Response};
use keyward_client::header::{X_API_KEY, presented};
use tower::Service;

use crate::future::ResponseFuture;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::verdict::judge;

/// Calls the inner service for requests with a good key; see the crate for the rules.
///
/// The body of its responses must be one that can be made of a text, as those of axum and
/// `http-body-util` can: a refusal has one.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeywardService<S> {
    pub(super) inner: S,
    pub(super) question: Question,
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
        let answer = match presented(&parts.headers) {
            Ok(key) => self.question.ask(key, &parts),
            Err(error) => {
                tracing::debug!(%error, "request refused");
                return ResponseFuture::refused(Refusal::Unauthenticated);
            }
        };
        let scope = self.question.scope.clone();
        let asking = async move { judge(answer.await, scope) };
        parts.headers.remove(X_API_KEY);
        // The service that was polled ready is the one to call; the clone that stays here is
        // polled before its own turn.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        ResponseFuture::asking(Box::pin(asking), inner, Request::from_parts(parts, body))
    }
}
