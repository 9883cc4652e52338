//! Which entries the page shows. The address is where the filter lives; the server does the
//! filtering.

use time::{Date, OffsetDateTime, UtcOffset};

use crate::client::AUDIT;
use crate::clock;
use crate::keys::expiry::parse_date;
use crate::pages::listing::{Listing, Part, as_it_is};
use crate::routes;

/// All actions that the log knows, those of one noun in a line. One text, which is split where
/// it is shown, is less to download than a table of texts.
const ACTIONS: [&str; 8] = [
    "session.create session.delete",
    "user.create",
    "key.create key.update key.rotate key.retire key.delete key.verify",
    "secret.create secret.read secret.update secret.delete",
    "provider.set provider.update provider.delete provider.resolve",
    "encryption.mint encryption.rotate encryption.rewrap",
    "store.sign store.altered store.accept",
    "audit.read audit.export audit.checkpoint audit.broken audit.acknowledge",
];

/// Each noun and its actions.
pub fn actions() -> impl Iterator<Item = (&'static str, std::str::Split<'static, char>)> {
    ACTIONS.into_iter().map(|line| (line.split('.').next().unwrap_or(line), line.split(' ')))
}

/// The log.
pub const LISTING: Listing = Listing {
    path: routes::AUDIT,
    tab: "",
    api: AUDIT,
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

    #[test]
    fn every_action_is_one_of_its_noun() {
        for (noun, mut actions) in actions() {
            assert!(actions.all(|action| action.starts_with(&format!("{noun}."))));
        }
    }

    /// The server's list is the truth; it is read as text, since the page knows nothing else
    /// of the server.
    #[test]
    fn the_filter_offers_every_action_that_the_server_records() {
        let source = include_str!("../../../server/src/audit/event.rs");
        let names = source.split("pub fn as_str").nth(1).unwrap().split("\n    }\n").next();
        let mut recorded: Vec<_> = names.unwrap().split('"').skip(1).step_by(2).collect();
        let mut offered: Vec<_> = actions().flat_map(|(_, actions)| actions).collect();
        recorded.sort_unstable();
        offered.sort_unstable();
        assert!(recorded.len() > 20);
        assert_eq!(offered, recorded);
    }
}
