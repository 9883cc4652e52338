//! Whether a key is accepted, in one word, and how long it still will be.

use keyward_api::key_list::KeyStatus;
use keyward_api::keys::{ApiKey, Overlap};
use time::{Duration, OffsetDateTime};

use crate::components::icon::Icon;
use crate::text::plural;

/// The badge appears this long before the expiry.
const SOON: Duration = Duration::days(7);

pub const fn label(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "Active",
        KeyStatus::Disabled => "Disabled",
        KeyStatus::Expired => "Expired",
        KeyStatus::Unreadable => "Unreadable",
        KeyStatus::Altered => "Altered",
    }
}

pub const fn picture(status: KeyStatus) -> Icon {
    match status {
        KeyStatus::Active => Icon::Check,
        KeyStatus::Disabled => Icon::Pause,
        KeyStatus::Expired => Icon::Clock,
        KeyStatus::Unreadable | KeyStatus::Altered => Icon::Warning,
    }
}

/// `Expires in 3 days`, `Expired`, or none.
pub fn expiry_badge(end: OffsetDateTime, now: OffsetDateTime) -> Option<String> {
    let left = end - now;
    if left <= Duration::ZERO {
        Some("Expired".to_owned())
    } else if left > SOON {
        None
    } else if left < Duration::hours(1) {
        Some("Expires within the hour".to_owned())
    } else if left < Duration::days(1) {
        Some(format!("Expires in {}", plural(left.whole_hours(), "hour")))
    } else {
        // A started day counts: 7 days from now, read a second later, are still 7.
        let days = (left + Duration::DAY - Duration::SECOND).whole_days();
        Some(format!("Expires in {}", plural(days, "day")))
    }
}

/// The overlap, if it is not over.
pub fn overlap_at(key: &ApiKey, now: OffsetDateTime) -> Option<&Overlap> {
    key.overlap.as_ref().filter(|overlap| overlap.ends_at > now)
}

#[cfg(test)]
pub mod tests {
    use keyward_api::scopes::Scopes;
    use time::macros::datetime;

    use super::*;

    pub const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);

    pub fn key(name: &str) -> ApiKey {
        ApiKey {
            id: "1".to_owned(),
            name: name.to_owned(),
            prefix: "kw_Ab3dE".to_owned(),
            scopes: Scopes::default(),
            created_at: NOW,
            created_by: None,
            last_used_at: None,
            last_used_address: None,
            expires_at: None,
            enabled: true,
            rate_limit: None,
            allowed_networks: Vec::new(),
            overlap: None,
            unreadable: false,
            altered: false,
        }
    }

    #[test]
    fn a_key_is_expired_from_its_expiry_on() {
        let mut key = key("a");
        assert_eq!(KeyStatus::of(&key, NOW), KeyStatus::Active);
        key.expires_at = Some(NOW);
        assert_eq!(KeyStatus::of(&key, NOW - Duration::SECOND), KeyStatus::Active);
        assert_eq!(KeyStatus::of(&key, NOW), KeyStatus::Expired);
    }

    #[test]
    fn an_overlap_is_over_at_its_end() {
        let mut key = key("a");
        assert_eq!(overlap_at(&key, NOW), None);
        let old = Overlap { prefix: "kw_Old12".to_owned(), ends_at: NOW, last_used_at: None };
        key.overlap = Some(old.clone());
        assert_eq!(overlap_at(&key, NOW - Duration::SECOND), Some(&old));
        assert_eq!(overlap_at(&key, NOW), None);
    }

    #[test]
    fn what_a_person_must_change_goes_before_what_time_changed() {
        let mut key = key("a");
        (key.expires_at, key.enabled) = (Some(NOW), false);
        assert_eq!(KeyStatus::of(&key, NOW), KeyStatus::Disabled);
        key.unreadable = true;
        assert_eq!(KeyStatus::of(&key, NOW), KeyStatus::Unreadable);
        key.altered = true;
        assert_eq!(KeyStatus::of(&key, NOW), KeyStatus::Altered);
    }

    #[test]
    fn the_badge_appears_7_days_before() {
        let badge = |left| expiry_badge(NOW + left, NOW);
        assert_eq!(badge(Duration::days(7) + Duration::SECOND), None);
        assert_eq!(badge(Duration::days(7)).as_deref(), Some("Expires in 7 days"));
        assert_eq!(
            badge(Duration::days(3) - Duration::MINUTE).as_deref(),
            Some("Expires in 3 days")
        );
        assert_eq!(badge(Duration::DAY).as_deref(), Some("Expires in 1 day"));
        assert_eq!(badge(Duration::hours(5)).as_deref(), Some("Expires in 5 hours"));
        assert_eq!(badge(Duration::MINUTE).as_deref(), Some("Expires within the hour"));
        assert_eq!(badge(Duration::ZERO).as_deref(), Some("Expired"));
    }
}
