//! Reads the whole body of a request before anything else looks at it.
//!
//! A body may take its time, and its sender may lose their credential meanwhile. So nobody is
//! authorised before the last byte is there:
//!
//! 1. A body over the limit of the route is refused (413).
//! 2. One that is not complete after [`DEADLINE`] is refused (408).
//! 3. Otherwise the request goes on with a body that is in memory.
//!
//! After a refusal the connection is closed: the rest of the body would be read as the next
//! request.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use http::header::CONNECTION;

use crate::error::Error;
use crate::extract::refused_body;

/// How long a body may take to arrive.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Rules 1 to 3, by the `DefaultBodyLimit` of the route.
pub async fn read_whole_body(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    // The limit is one of the extensions.
    let limited = Request::from_parts(parts.clone(), body);
    match tokio::time::timeout(DEADLINE, Bytes::from_request(limited, &())).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Ok(Err(rejection)) => refuse(refused_body(rejection)),
        Err(_) => refuse(Error::BodyTooSlow),
    }
}

fn refuse(error: Error) -> Response {
    let mut response = error.into_response();
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
