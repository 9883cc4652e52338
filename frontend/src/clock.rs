//! The present, and times as people read them. Only [`read`] and [`local`] depend on the
//! browser; the rest is arithmetic.

use leptos::prelude::*;
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, Month, OffsetDateTime, UtcOffset};

use crate::text::plural;

/// How often relative times are drawn again.
const TICK: std::time::Duration = std::time::Duration::from_secs(20);

/// The present, which moves on while the page is open. A record made since the last tick lies in
/// its future, which [`relative`] reads as just now.
pub fn start() -> RwSignal<OffsetDateTime> {
    let now = RwSignal::new(read());
    set_interval(move || now.set(read()), TICK);
    now
}

/// The clock of this computer, for decisions; what is shown follows [`start`].
#[expect(clippy::disallowed_methods, reason = "the page's only reading of the clock")]
pub fn read() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The instant with the offset of this browser at that instant.
pub fn local(time: OffsetDateTime) -> OffsetDateTime {
    let date = js_sys::Date::new(&js_sys::Number::from(milliseconds(time)).into());
    #[expect(clippy::cast_possible_truncation, reason = "an offset is at most 14 hours")]
    let seconds = -(date.get_timezone_offset() * 60.0) as i32;
    time.to_offset(UtcOffset::from_whole_seconds(seconds).unwrap_or(UtcOffset::UTC))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of any year fit into 53 bits")]
fn milliseconds(time: OffsetDateTime) -> f64 {
    (time.unix_timestamp() * 1000) as f64
}

/// `22 Nov 2026`.
pub fn date(time: OffsetDateTime) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS[usize::from(u8::from(time.month())) - 1];
    format!("{} {month} {}", time.day(), time.year())
}

/// `22 Nov 2026, 07:19:03`.
pub fn second(time: OffsetDateTime) -> String {
    format!("{}, {}", date(time), self::time(time))
}

/// `07:19:03`.
pub fn time(time: OffsetDateTime) -> String {
    let (hour, minute, second) = time.to_hms();
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// `22 Nov 2026, 07:19:03 +01:00`.
pub fn exact(time: OffsetDateTime) -> String {
    let offset = time.offset();
    let sign = if offset.is_negative() { '-' } else { '+' };
    let (hours, minutes, _) = offset.as_hms();
    let (hours, minutes) = (hours.abs(), minutes.abs());
    format!("{} {sign}{hours:02}:{minutes:02}", second(time))
}

/// `3 minutes ago`, `in 2 days`, `just now`.
pub fn relative(time: OffsetDateTime, now: OffsetDateTime) -> String {
    let distance = (now - time).abs();
    let (count, unit) = if distance < Duration::minutes(1) {
        return "just now".to_owned();
    } else if distance < Duration::hours(1) {
        (distance.whole_minutes(), "minute")
    } else if distance < Duration::days(1) {
        (distance.whole_hours(), "hour")
    } else if distance < Duration::days(60) {
        (distance.whole_days(), "day")
    } else if distance < Duration::days(730) {
        (distance.whole_days() / 30, "month")
    } else {
        (distance.whole_days() / 365, "year")
    };
    let amount = plural(count, unit);
    if time > now { format!("in {amount}") } else { format!("{amount} ago") }
}

/// An instant for programs, with every digit that the server sent.
pub fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// Reads an instant as the server writes it.
pub fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// Reads the value of a date field, `2026-11-22`.
pub fn parse_date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let year = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let day = parts.next()?.parse().ok()?;
    Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()
}

pub fn date_field(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 12:00:00 UTC);

    #[test]
    fn relative_times_use_the_largest_unit_that_fits() {
        for (distance, text) in [
            (Duration::seconds(59), "just now"),
            (Duration::seconds(60), "1 minute ago"),
            (Duration::minutes(59), "59 minutes ago"),
            (Duration::hours(23), "23 hours ago"),
            (Duration::days(1), "1 day ago"),
            (Duration::days(59), "59 days ago"),
            (Duration::days(61), "2 months ago"),
            (Duration::days(1000), "2 years ago"),
        ] {
            assert_eq!(relative(NOW - distance, NOW), text);
        }
    }

    #[test]
    fn the_future_is_said_as_such_and_a_second_of_it_is_now() {
        assert_eq!(relative(NOW + Duration::days(2), NOW), "in 2 days");
        assert_eq!(relative(NOW + Duration::seconds(1), NOW), "just now");
    }

    #[test]
    fn written_times_name_their_offset() {
        let time = datetime!(2026-02-03 04:05:06 +05:30);
        assert_eq!(date(time), "3 Feb 2026");
        assert_eq!(exact(time), "3 Feb 2026, 04:05:06 +05:30");
    }

    #[test]
    fn a_day_is_written_as_the_date_field_reads_it() {
        assert_eq!(date_field(date!(2026 - 02 - 03)), "2026-02-03");
        assert_eq!(parse_date("2026-02-03"), Some(date!(2026 - 02 - 03)));
        for nonsense in ["", "2026", "2026-13-01", "2026-02-30", "a-b-c"] {
            assert_eq!(parse_date(nonsense), None, "{nonsense}");
        }
    }
}
