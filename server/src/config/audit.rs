//! How long audit entries are kept.

use std::time::Duration;

use super::source::{ConfigError, Environment};
use super::values::variable;

pub(super) const AUDIT_KEEP: &str = "KEYWARD_AUDIT_KEEP";

/// How long audit entries are kept; absent: for ever.
pub(super) fn load_keep(env: Environment<'_>) -> Result<Option<Duration>, ConfigError> {
    variable(env, AUDIT_KEEP).as_deref().map(parse_keep).transpose()
}

/// Whole days are closed, so less than one would be none; centuries are a typing error.
fn parse_keep(text: &str) -> Result<Duration, ConfigError> {
    let days = Duration::from_hours(24)..=Duration::from_hours(24 * 36_525);
    let keep = humantime::parse_duration(text).ok().filter(|keep| days.contains(keep));
    let problem = "is wrong: expected a duration of 1 day to 100 years, e.g. 90d";
    keep.ok_or_else(|| ConfigError::new(AUDIT_KEEP, problem))
}
