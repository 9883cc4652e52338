//! Which entries the page shows. The address is where the filter lives; the server does the
//! filtering.

use time::{Date, OffsetDateTime};

use crate::clock;
use crate::keys::expiry::parse_date;
use crate::routes;

/// Nouns and what may be done to them: all that the log knows.
pub const ACTIONS: [(&str, &[&str]); 6] = [
    ("session", &["session.create", "session.delete"]),
    ("user", &["user.create"]),
    ("key", &["key.create", "key.update", "key.rotate", "key.retire", "key.delete"]),
    ("secret", &["secret.create", "secret.read", "secret.update", "secret.delete"]),
    ("provider", &["provider.set", "provider.update", "provider.delete", "provider.resolve"]),
    ("encryption", &["encryption.mint", "encryption.rotate", "encryption.rewrap"]),
];

/// The fields of the filter, in the order of the form: their names in the address.
pub const FIELDS: [&str; 6] = ["actor", "action", "target", "outcome", "from", "to"];

/// What is looked for: a text for each of [`FIELDS`], empty for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(pub [String; 6]);

impl Filter {
    /// The filter with another text in one field.
    pub fn with(mut self, field: usize, text: String) -> Self {
        if let Some(place) = self.0.get_mut(field) {
            *place = text;
        }
        self
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|text| text.trim().is_empty())
    }

    /// The address of the page under this filter, at a place of the log.
    pub fn address(&self, cursor: &str) -> String {
        let fields = FIELDS.iter().zip(&self.0).map(|(name, text)| (*name, text.as_str()));
        let parts: Vec<_> = fields.chain([("cursor", cursor)]).collect();
        routes::with_query(routes::AUDIT, &parts)
    }

    /// The query of the server below a path. A day begins and ends where the person is:
    /// `start_of` turns it into its first instant.
    pub fn query(
        &self,
        path: &str,
        more: &[(&str, &str)],
        start_of: impl Fn(Date) -> OffsetDateTime,
    ) -> String {
        let [actor, action, target, outcome, from, to] = self.0.each_ref().map(|text| text.trim());
        let instant =
            |day: Option<Date>| day.map(&start_of).map(clock::rfc3339).unwrap_or_default();
        let since = instant(parse_date(from));
        // Up to, and without, the first instant of the next day.
        let until = instant(parse_date(to).and_then(Date::next_day));
        let own = [
            ("actor", actor),
            ("action", action),
            ("target", target),
            ("outcome", outcome),
            ("since", &since),
            ("until", &until),
        ];
        let parts: Vec<_> = more.iter().copied().chain(own).collect();
        routes::with_query(path, &parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(texts: [&str; 6]) -> Filter {
        Filter(texts.map(str::to_owned))
    }

    fn query(filter: &Filter) -> String {
        filter.query("", &[("limit", "50")], |day| day.midnight().assume_utc())
    }

    #[test]
    fn the_address_carries_what_is_looked_for_and_nothing_empty() {
        assert_eq!(Filter::default().address(""), "/admin/audit");
        let filter = filter(["ada", "", "", "refused", "", ""]);
        assert_eq!(filter.address("9"), "/admin/audit?actor=ada&outcome=refused&cursor=9");
    }

    #[test]
    fn days_are_sent_from_their_first_instant_to_that_of_the_next() {
        let filter = filter(["", "secret", "", "", "2026-11-22", "2026-11-22"]);
        assert_eq!(
            query(&filter),
            "?limit=50&action=secret&since=2026-11-22T00%3A00%3A00Z\
             &until=2026-11-23T00%3A00%3A00Z"
        );
    }

    #[test]
    fn what_is_no_day_filters_nothing() {
        assert_eq!(query(&filter(["", "", "", "", "soon", "2026-13-01"])), "?limit=50");
    }

    #[test]
    fn every_action_is_one_of_its_noun() {
        for (noun, actions) in ACTIONS {
            assert!(actions.iter().all(|action| action.starts_with(&format!("{noun}."))));
        }
    }
}
