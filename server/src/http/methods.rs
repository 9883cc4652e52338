//! Which methods a route of the API has. `HEAD` is none of them: axum answers it by calling the
//! handler of `GET`, which may record that a value was read, or read the whole audit log, for
//! an answer without a body. Forward auth, which answers every method, is not among these.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::http::error::Error;

/// What `Allow` says, by the path of the route.
#[derive(Clone, Debug)]
pub struct Methods(Arc<BTreeMap<String, HeaderValue>>);

impl Methods {
    /// Those of the routes under `/api` that the document describes.
    pub fn of(document: &OpenApi) -> Self {
        let paths = document.paths.paths.iter().filter(|(path, _)| path.starts_with("/api/"));
        let methods = paths.filter_map(|(path, item)| {
            Some((path.clone(), HeaderValue::try_from(methods_of(item)).ok()?))
        });
        Self(Arc::new(methods.collect()))
    }
}

fn methods_of(item: &PathItem) -> String {
    let methods = [
        (Method::GET, &item.get),
        (Method::POST, &item.post),
        (Method::PUT, &item.put),
        (Method::PATCH, &item.patch),
        (Method::DELETE, &item.delete),
    ];
    let described = methods.iter().filter(|(_, operation)| operation.is_some());
    described.map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(", ")
}

/// Answers `HEAD` with 405, and names the same methods in every 405.
pub async fn refuse_head(State(methods): State<Methods>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let allowed = path.and_then(|path| methods.0.get(path.as_str()).cloned());
    let Some(allowed) = allowed else { return next.run(request).await };
    let mut response = match *request.method() {
        Method::HEAD => Error::MethodNotAllowed.into_response(),
        _ => next.run(request).await,
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, allowed);
    }
    response
}
