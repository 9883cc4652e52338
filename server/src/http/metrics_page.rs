//! `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;

use super::error::Error;
use crate::keys::Registry;
use crate::metrics::Metrics;
use crate::replicas::Membership;
use crate::session::people::People;

/// What `/metrics` shows. Cheap to clone.
#[derive(Clone)]
pub struct MetricsPage {
    pub metrics: Arc<Metrics>,
    pub keys: Registry,
    pub people: People,
    pub membership: Membership,
    /// Whether it has an address of its own.
    pub is_elsewhere: bool,
}

/// Counts of forward auth and keys, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "health",
    responses(
        (status = 200, content_type = "application/openmetrics-text", body = String),
        (status = 404, description = "The metrics have an address of their own.")
    )
)]
pub async fn metrics(State(page): State<MetricsPage>) -> Result<Response, Error> {
    if page.is_elsewhere { Err(Error::NoRoute) } else { show(State(page)).await }
}

/// The same, on the address of the metrics alone.
pub async fn show(State(page): State<MetricsPage>) -> Result<Response, Error> {
    let is_altered = page.keys.altered() || page.people.altered();
    page.metrics.servers.show(&page.membership);
    let text = page.metrics.show(page.keys.counts(), is_altered);
    let text =
        text.map_err(|error| Error::Internal(format!("metrics cannot be written: {error}")))?;
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, form)], text).into_response())
}
