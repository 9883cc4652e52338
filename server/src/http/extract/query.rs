//! Queries, with refusals in the form of [`Error`].

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::http::error::Error;

/// The query. Says which parameter is wrong, and never repeats what it held.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            let text = rejection.body_text();
            let quoted = |before: &str| text.split(before).nth(1)?.split('`').next();
            let refused = |name: &str, message: &str| Error::field(name, message);
            quoted("unknown field `")
                .map(|name| refused(name, "Unknown parameter"))
                .or_else(|| quoted("duplicate field `").map(|name| refused(name, "Given twice")))
                .unwrap_or_else(|| refused("query", "The query cannot be read"))
        })
    }
}
