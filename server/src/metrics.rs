//! Counts and times in the form that Prometheus reads. No label holds a key, its id or its name.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::keys::listing::KeyCounts;
use crate::keys::verification::{LABELS, Verification};
use crate::log;
use crate::replicas::Membership;

/// Seconds: from the microseconds that a verification takes to what it never should.
const BUCKETS: [f64; 12] =
    [5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 5e-3, 2.5e-2, 0.1, 1.0];

type Label = [(&'static str, &'static str); 1];

pub struct Metrics {
    registry: Registry,
    /// In the order of [`LABELS`]: looked up once, and not for each request.
    verifications: [Counter; LABELS.len()],
    seconds: Histogram,
    keys: Family<Label, Gauge>,
    altered: Gauge,
    /// Of this server among those of the store.
    pub(crate) servers: ServerMetrics,
}

/// Of this server among those of the store; on SQLite, where it is alone, they stay as they begin.
#[derive(Default)]
pub(crate) struct ServerMetrics {
    servers: Gauge,
    lease: Gauge<f64, AtomicU64>,
    generation: Gauge,
    seen: Gauge<f64, AtomicU64>,
}

impl ServerMetrics {
    fn register(&self, registry: &mut Registry) {
        let Self { servers, lease, generation, seen } = self;
        registry.register("servers", "Servers that verify keys of this store", servers.clone());
        registry.register_with_unit(
            "lease_left",
            "For how long this server may accept keys without another word from the store",
            Unit::Seconds,
            lease.clone(),
        );
        registry.register(
            "generation",
            "The last change of the keys that this server goes by",
            generation.clone(),
        );
        registry.register_with_unit(
            "store_seen",
            "How long ago the store answered what the last change is",
            Unit::Seconds,
            seen.clone(),
        );
    }

    pub(crate) fn show(&self, membership: &Membership) {
        self.servers.set(membership.servers().get().into());
        if let Some(left) = membership.lease().left() {
            self.lease.set(left.as_secs_f64());
        }
        if let Some(known) = membership.known() {
            self.generation.set(known.n);
        }
        if let Some(age) = membership.seen_ago() {
            self.seen.set(age.as_secs_f64());
        }
    }
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
        let servers = ServerMetrics::default();
        servers.register(&mut registry);
        let verifications =
            LABELS.map(|label| verifications.get_or_create_owned(&[("result", label)]));
        Self { registry, verifications, seconds, keys, altered, servers }
    }
}

impl Metrics {
    /// Counts a verification, and how long it took.
    pub fn verified(&self, verification: &Verification, took: Duration) {
        self.count(verification.index(), took);
    }

    fn count(&self, index: usize, took: Duration) {
        self.verifications[index].inc();
        self.seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn show(
        &self,
        counts: KeyCounts,
        is_altered: bool,
    ) -> Result<String, std::fmt::Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_counts_for_itself() {
        let metrics = Metrics::default();
        for (n, index) in (1..).zip(0..LABELS.len()) {
            (0..n).for_each(|_| metrics.count(index, Duration::from_micros(n)));
        }
        let text = metrics.show(KeyCounts { active: 3, ..KeyCounts::default() }, false).unwrap();
        for (n, label) in (1..).zip(LABELS) {
            let line = format!("keyward_verifications_total{{result=\"{label}\"}} {n}\n");
            assert!(text.contains(&line), "{line}{text}");
        }
        assert!(text.contains("keyward_keys{status=\"active\"} 3\n"), "{text}");
        assert!(
            text.contains("keyward_verification_seconds_bucket{le=\"5e-6\"} 15\n")
                || text.contains("keyward_verification_seconds_count 66\n"),
            "{text}"
        );
        assert!(text.ends_with("# EOF\n"));
    }
}
