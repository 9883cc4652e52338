//! Which entries the page shows. The address is where the filter lives; the server does the
//! filtering.

use keyward_api::paths;
use time::{Date, OffsetDateTime, UtcOffset};

use crate::clock::{self, parse_date};
use crate::lists::listing::{Listing, Part, verbatim};
use crate::routes;

pub const LISTING: Listing = Listing {
    path: routes::AUDIT,
    tab: "",
    api: paths::AUDIT,
    limit: 50,
    fields: &["actor", "action", "target", "outcome", "from", "to"],
    query_part: |field, text| query_part(field, text, start_of),
    one: "entry",
    many: "entries",
    name: "Audit log",
    finds_prefix: false,
};

/// `start_of` answers the first instant of a day in the time zone of the person.
fn query_part(
    field: &'static str,
    text: &str,
    start_of: impl Fn(Date) -> OffsetDateTime,
) -> Option<Part> {
    let (field, day) = match field {
        "from" => ("since", parse_date(text)?),
        // Until the first instant of the next day, exclusive.
        "to" => ("until", parse_date(text)?.next_day()?),
        _ => return verbatim(field, text),
    };
    Some((field, clock::rfc3339(start_of(day))))
}

/// The first instant of a day in the time zone of this browser.
fn start_of(day: Date) -> OffsetDateTime {
    let start = day.midnight().assume_utc();
    // The offset near that instant: wrong only in the night of a clock change.
    start.replace_offset(clock::local(start).offset()).to_offset(UtcOffset::UTC)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(field: &'static str, text: &str) -> Option<Part> {
        query_part(field, text, |day| day.midnight().assume_utc())
    }

    #[test]
    fn days_are_sent_from_their_first_instant_to_that_of_the_next() {
        let day = |name, instant: &str| Some((name, instant.to_owned()));
        assert_eq!(part("from", "2026-11-22"), day("since", "2026-11-22T00:00:00Z"));
        assert_eq!(part("to", "2026-11-22"), day("until", "2026-11-23T00:00:00Z"));
    }

    #[test]
    fn what_is_no_day_filters_nothing() {
        assert_eq!(part("from", "soon"), None);
        assert_eq!(part("to", "2026-13-01"), None);
        assert_eq!(part("action", "secret"), Some(("action", "secret".to_owned())));
    }
}
