//! Waits for the answer, then calls the inner service.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::Service;

use crate::refusal::Refusal;
use crate::verdict::Caller;

type Asking = Pin<Box<dyn Future<Output = Result<Caller, Refusal>> + Send>>;

pin_project! {
    /// The future of [`KeywardService`](crate::KeywardService). Dropped, it asks no further.
    pub struct ResponseFuture<S, Q>
    where
        S: Service<Request<Q>>,
    {
        #[pin]
        state: State<S, Q>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, Q>
    where
        S: Service<Request<Q>>,
    {
        Asking { asking: Asking, waiting: Option<(S, Request<Q>)> },
        Called { #[pin] future: S::Future },
        Refused { refusal: Option<Refusal> },
    }
}

impl<S: Service<Request<Q>>, Q> ResponseFuture<S, Q> {
    pub(super) fn asking(asking: Asking, inner: S, request: Request<Q>) -> Self {
        Self { state: State::Asking { asking, waiting: Some((inner, request)) } }
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        Self { state: State::Refused { refusal: Some(refusal) } }
    }
}

impl<S, Q, B> Future for ResponseFuture<S, Q>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: From<String>,
{
    type Output = Result<Response<B>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProj::Asking { asking, waiting } => {
                    match (ready!(asking.as_mut().poll(cx)), waiting.take()) {
                        (Ok(caller), Some((mut inner, mut request))) => {
                            request.extensions_mut().insert(caller);
                            State::Called { future: inner.call(request) }
                        }
                        (Ok(_), None) => State::Refused { refusal: None },
                        (Err(refusal), _) => State::Refused { refusal: Some(refusal) },
                    }
                }
                StateProj::Called { future } => return future.poll(cx),
                // Polled again after it was ready: pending for ever, as the contract of
                // `Future` allows, and not a panic.
                StateProj::Refused { refusal } => {
                    return refusal
                        .take()
                        .map_or(Poll::Pending, |refusal| Poll::Ready(Ok(refusal.response())));
                }
            };
            state.set(next);
        }
    }
}
