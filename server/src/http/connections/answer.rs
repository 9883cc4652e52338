use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use http::{Request, Response};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use pin_project_lite::pin_project;

use super::phase::State;
use super::watch::Watch;
use crate::http::service::ConnectionService;

type Answering = <ConnectionService as tower::Service<http::Request<Body>>>::Future;

/// Answers the requests of one connection, and tells its [`Watch`] when each begins and ends.
pub struct Watched {
    connection: ConnectionService,
    watch: Arc<Watch>,
}

impl Watched {
    /// The service of the connection that is watched.
    pub fn new(connection: ConnectionService, watch: Arc<Watch>) -> Self {
        Self { connection, watch }
    }
}

impl Service<Request<Incoming>> for Watched {
    type Response = Response<WatchedBody>;
    type Error = Infallible;
    type Future = WatchedAnswer;

    fn call(&self, request: Request<Incoming>) -> WatchedAnswer {
        let serving = Serving::begin(&self.watch);
        // A request that came as its connection was closed is not begun.
        let answer = serving
            .is_some()
            .then(|| tower::Service::call(&mut self.connection.clone(), request.map(Body::new)));
        WatchedAnswer { answer, serving }
    }
}

/// A request that is being served, until its answer is complete or given up.
struct Serving(Arc<Watch>);

impl Serving {
    fn begin(watch: &Arc<Watch>) -> Option<Self> {
        watch.tell(State::called).then(|| Self(watch.clone()))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.tell(State::answered);
    }
}

pin_project! {
    /// The answer on its way. Pending for ever on a connection that is closed: its task was
    /// woken to end.
    pub struct WatchedAnswer {
        #[pin]
        answer: Option<Answering>,
        serving: Option<Serving>,
    }
}

impl Future for WatchedAnswer {
    type Output = Result<Response<WatchedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(answer) = this.answer.as_pin_mut() else { return Poll::Pending };
        let response = ready!(answer.poll(cx))?;
        let serving = this.serving.take();
        Poll::Ready(Ok(response.map(|body| WatchedBody { body, _serving: serving })))
    }
}

/// hyper drops it when it has taken all of it.
pub struct WatchedBody {
    body: Body,
    _serving: Option<Serving>,
}

impl hyper::body::Body for WatchedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
