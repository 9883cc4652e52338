//! Which entries the page shows. The address is where the filter lives; the server does the
//! filtering.

use keyward_api::paths;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::clock::{self, parse_date};
use crate::pages::listing::{Listing, Part, as_it_is};
use crate::routes;

/// The log.
pub const LISTING: Listing = Listing {
    path: routes::AUDIT,
    tab: "",
    api: paths::AUDIT,
    limit: 50,
    fields: &["actor", "action", "target", "outcome", "from", "to"],
    ask: |field, text| ask(field, text, start_of),
    one: "entry",
    many: "entries",
    name: "Audit log",
};

/// A day begins and ends where the person is: `start_of` turns it into its first instant.
fn ask(field: &'static str, text: &str, start_of: impl Fn(Date) -> OffsetDateTime) -> Option<Part> {
    let (field, day) = match field {
        "from" => ("since", parse_date(text)?),
        // Up to, and without, the first instant of the next day.
        "to" => ("until", parse_date(text)?.next_day()?),
        _ => return as_it_is(field, text),
    };
    Some((field, clock::rfc3339(start_of(day))))
}

/// The first instant of a day where the person is.
fn start_of(day: Date) -> OffsetDateTime {
    let start = day.midnight().assume_utc();
    // The offset of the place at about that time: wrong only in a night of summer time.
    start.replace_offset(clock::local(start).offset()).to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(field: &'static str, text: &str) -> Option<Part> {
        ask(field, text, |day| day.midnight().assume_utc())
    }

    #[test]
    fn days_are_sent_from_their_first_instant_to_that_of_the_next() {
        let day = |name, instant: &str| Some((name, instant.to_owned()));
        assert_eq!(asked("from", "2026-11-22"), day("since", "2026-11-22T00:00:00Z"));
        assert_eq!(asked("to", "2026-11-22"), day("until", "2026-11-23T00:00:00Z"));
    }

    #[test]
    fn what_is_no_day_filters_nothing() {
        assert_eq!(asked("from", "soon"), None);
        assert_eq!(asked("to", "2026-13-01"), None);
        assert_eq!(asked("action", "secret"), Some(("action", "secret".to_owned())));
    }
}
