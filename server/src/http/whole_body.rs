//! Reads the whole body of a request before anything else looks at it.
//!
//! A body may take its time, and its sender may lose their credential meanwhile. So nobody is
//! authorised before the last byte is there:
//!
//! 1. A body over the limit of the route is refused (413).
//! 2. One that is not complete after [`DEADLINE`] is refused (408).
//! 3. Few bodies that are not complete with their head may be waited for at a time: a
//!    client that sends many of them slowly, without any credential, holds neither all connections nor
//!    much memory. One more is refused (503). A body that came with its head needs no place.
//! 4. Otherwise the request goes on with a body that is in memory.
//!
//! After a refusal the connection is closed: the rest of the body would be read as the next
//! request.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::HeaderValue;
use http::header::CONNECTION;
use tokio::sync::Semaphore;

use crate::http::error::Error;
use crate::http::extract::refused_body;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// So many bodies are waited for at a time; with the largest limit they are 50 MB.
const AT_A_TIME: usize = 128;

/// The places of rule 3.
#[derive(Clone, Debug)]
pub struct BodySlots(Arc<Semaphore>);

impl Default for BodySlots {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }
}

/// Rules 1 to 4, by the `DefaultBodyLimit` of the route.
pub async fn read_whole_body(
    State(places): State<BodySlots>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // The limit is one of the extensions.
    let limited = Request::from_parts(parts.clone(), body);
    let mut body = pin!(Bytes::from_request(limited, &()));
    let read = if let Some(read) = body.as_mut().now_or_never() {
        Ok(read)
    } else {
        let Ok(_place) = places.0.try_acquire() else { return refuse(Error::TooManyBodies) };
        tokio::time::timeout(DEADLINE, body).await
    };
    match read {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(rejection)) => refuse(refused_body(rejection)),
        Err(_) => refuse(Error::BodyTooSlow(DEADLINE)),
    }
}

fn refuse(error: Error) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
