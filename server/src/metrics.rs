//! `/metrics`: counts and times in the form that Prometheus reads. No label holds a key, its
//! id or its name.

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::http::error::Error;
use crate::keys::listing::KeyCounts;
use crate::log;
use crate::state::AppState;

/// Seconds: from the microseconds that a verification takes to what it never should.
const BUCKETS: [f64; 12] =
    [5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 1.0];

type Label = [(&'static str, &'static str); 1];

/// How a verification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The key is good.
    Accepted,
    /// No key was presented.
    Missing,
    /// What was presented cannot be one key.
    Malformed,
    /// No key is like it.
    Unknown,
    /// The key is disabled.
    Disabled,
    /// The key has expired.
    Expired,
    /// The key is good, but not from this address.
    AddressNotAllowed,
    /// The key is good, but lacks the scope that was asked for.
    MissingScope,
    /// The key was used too often.
    RateLimited,
    /// Too many failures came from the address.
    Throttled,
}

impl Outcome {
    const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Missing,
        Self::Malformed,
        Self::Unknown,
        Self::Disabled,
        Self::Expired,
        Self::AddressNotAllowed,
        Self::MissingScope,
        Self::RateLimited,
        Self::Throttled,
    ];

    /// The word in the label `result`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
            Self::AddressNotAllowed => "address_not_allowed",
            Self::MissingScope => "missing_scope",
            Self::RateLimited => "rate_limited",
            Self::Throttled => "throttled",
        }
    }
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    /// By outcome, in the order of [`Outcome::ALL`]: looked up once, and not for each request.
    verifications: [Counter; Outcome::ALL.len()],
    seconds: Histogram,
    keys: Family<Label, Gauge>,
    altered: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("keyward");
        let verifications = Family::<Label, Counter>::default();
        let seconds = Histogram::new(BUCKETS);
        let keys = Family::<Label, Gauge>::default();
        let altered = Gauge::default();
        registry.register(
            "verifications",
            "Answers of /api/verify, by result",
            verifications.clone(),
        );
        registry.register_with_unit(
            "verification",
            "How long /api/verify took to decide",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("keys", "Stored keys, by what became of them", keys.clone());
        registry.register(
            "store_altered",
            "1 while stored rows that carry authority are not those that Keyward wrote",
            altered.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Lines of the log that could not be written",
            log::dropped(),
        );
        let verifications = Outcome::ALL
            .map(|outcome| verifications.get_or_create_owned(&[("result", outcome.as_str())]));
        Self { registry, verifications, seconds, keys, altered }
    }
}

impl Metrics {
    /// Counts a verification, and how long it took.
    pub fn verified(&self, outcome: Outcome, took: Duration) {
        self.verifications[outcome as usize].inc();
        self.seconds.observe(took.as_secs_f64());
    }

    fn show(&self, counts: KeyCounts, is_altered: bool) -> Result<String, std::fmt::Error> {
        self.altered.set(i64::from(is_altered));
        let KeyCounts { active, disabled, expired, unreadable, altered } = counts;
        for (status, count) in [
            ("active", active),
            ("disabled", disabled),
            ("expired", expired),
            ("unreadable", unreadable),
            ("altered", altered),
        ] {
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.keys.get_or_create(&[("status", status)]).set(count);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts of forward auth and keys, for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "health",
    responses(
        (status = 200, content_type = "application/openmetrics-text", body = String),
        (status = 404, description = "The metrics have an address of their own.")
    )
)]
pub async fn metrics(State(state): State<AppState>) -> Result<Response, Error> {
    if state.metrics_are_elsewhere { Err(Error::NoRoute) } else { show(State(state)).await }
}

/// The same, on the address of the metrics alone.
pub async fn show(State(state): State<AppState>) -> Result<Response, Error> {
    let is_altered = state.keys.altered() || state.people.altered();
    let text = state.metrics.show(state.keys.counts(), is_altered);
    let text =
        text.map_err(|error| Error::Internal(format!("metrics cannot be written: {error}")))?;
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(CONTENT_TYPE, form)], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_counts_for_itself() {
        let metrics = Metrics::default();
        for (n, outcome) in (1..).zip(Outcome::ALL) {
            (0..n).for_each(|_| metrics.verified(outcome, Duration::from_micros(n)));
        }
        let text = metrics.show(KeyCounts { active: 3, ..KeyCounts::default() }, false).unwrap();
        for (n, outcome) in (1..).zip(Outcome::ALL) {
            let line =
                format!("keyward_verifications_total{{result=\"{}\"}} {n}\n", outcome.as_str());
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains("keyward_keys{status=\"active\"} 3\n"), "{text}");
        assert!(
            text.contains("keyward_verification_seconds_bucket{le=\"5e-6\"} 15\n")
                || text.contains("keyward_verification_seconds_count 55\n"),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
    }
}
