//! Numbers and times inside a sentence. Pure.

use time::macros::format_description;
use time::{Duration, OffsetDateTime};

pub(super) use crate::numbers::counted as number;

/// `“payments”`
pub(super) fn quoted(name: &str) -> String {
    format!("\u{201c}{name}\u{201d}")
}

/// How long something still lasts, as the page says it of a key: `3 days`, `5 hours`.
pub(super) fn span(left: Duration) -> String {
    let plural = |count, unit| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    if left < Duration::HOUR {
        "less than an hour".to_owned()
    } else if left < Duration::DAY {
        plural(left.whole_hours(), "hour")
    } else {
        // A started day counts.
        plural((left + Duration::DAY - Duration::SECOND).whole_days(), "day")
    }
}

/// `3 Dec 2026, 14:00 UTC`
pub(super) fn time(at: OffsetDateTime) -> String {
    let form =
        format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
    at.to_offset(time::UtcOffset::UTC).format(form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_span_counts_a_started_day_and_whole_hours() {
        for (left, words) in [
            (Duration::days(7), "7 days"),
            (Duration::days(2) + Duration::MINUTE, "3 days"),
            (Duration::hours(24), "1 day"),
            (Duration::minutes(119), "1 hour"),
            (Duration::seconds(59), "less than an hour"),
        ] {
            assert_eq!(span(left), words);
        }
    }

    #[test]
    fn a_time_is_that_of_utc() {
        assert_eq!(time(datetime!(2026-12-03 15:00 +1)), "3 Dec 2026, 14:00 UTC");
    }
}
