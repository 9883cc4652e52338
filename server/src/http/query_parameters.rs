//! No route takes a query parameter that the OpenAPI document does not describe for it: a
//! misspelt one would otherwise be ignored, and a list come back unfiltered.
//!
//! 1. A parameter that is not described for route and method is 400 and named. So every route
//!    of the document is covered, and so are new ones; HEAD takes what GET does.
//! 2. A query that is not percent-encoded UTF-8 is 400, where routes would read something else
//!    than what was sent.
//! 3. Outside of it are the page with its files, where the query belongs to the application,
//!    and forward auth, where it belongs to the proxy and its client: `/api/verify` reads
//!    `scope`, and the form for Envoy nothing. So is the callback of single sign-on: providers add
//!    parameters of their own, and the browser that brings them shows no problem document.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use keyward_api::paths;
use percent_encoding::percent_decode_str;
use url::form_urlencoded;
use utoipa::openapi::path::{Operation, ParameterIn, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use crate::http::error::Error;

/// Longest name of a parameter that is repeated in the refusal, in characters.
const MAX_SHOWN: usize = 64;

/// The query parameters of each route and method.
#[derive(Debug, Default)]
pub struct Described(HashMap<(String, Method), Vec<String>>);

impl Described {
    /// Those that the document describes.
    pub fn by(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter().flat_map(|(path, item)| {
            operations(item).map(|(method, operation)| ((path.clone(), method), names(operation)))
        });
        Self(routes.collect())
    }

    fn takes(&self, path: &str, method: &Method, name: &str) -> bool {
        let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
        let names = self.0.get(&(path.to_owned(), method));
        names.is_some_and(|names| names.iter().any(|described| described == name))
    }

    /// Rules 1 and 2.
    fn check(&self, path: &str, method: &Method, query: &str) -> Result<(), Error> {
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(Error::field("query", "The query must be percent-encoded UTF-8"));
        }
        let mut names = form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        match names.find(|name| !self.takes(path, method, name)) {
            None => Ok(()),
            Some(name) => Err(Error::field(shown(&name), "Unknown parameter")),
        }
    }
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    let PathItem { get, put, post, delete, options, head, patch, trace, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::OPTIONS, options),
        (Method::HEAD, head),
        (Method::PATCH, patch),
        (Method::TRACE, trace),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    let in_query = parameters.filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => {
            Some(parameter.name.clone())
        }
        _ => None,
    });
    in_query.collect()
}

fn shown(name: &str) -> &str {
    match name.char_indices().nth(MAX_SHOWN) {
        _ if name.is_empty() => "query",
        Some((end, _)) => &name[..end],
        None => name,
    }
}

/// The middleware. It must be a layer of routes, which know what path they matched.
pub async fn refuse_unknown(
    State(described): State<Arc<Described>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    if let Some(query) = request.uri().query()
        && path.as_str() != paths::OIDC_CALLBACK
    {
        described.check(path.as_str(), request.method(), query)?;
    }
    Ok(next.run(request).await)
}
