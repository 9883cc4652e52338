//! Which keys the list shows: a text and a status, both kept in the address.

use keyward_api::keys::ApiKey;
use time::OffsetDateTime;

use crate::keys::status::Status;
use crate::routes;

/// What the person looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Found in name, prefix, scopes or creator, whatever its case.
    pub text: String,
    /// Only keys of this status.
    pub status: Option<Status>,
}

impl Filter {
    /// The filter of an address. A status that does not exist filters nothing.
    pub fn from_query(text: String, status: &str) -> Self {
        let status = Status::ALL.into_iter().find(|one| status == one.slug());
        Self { text, status }
    }

    /// The address of the list under this filter.
    pub fn address(&self) -> String {
        let status = self.status.map_or("", Status::slug);
        let parts = [("tab", "keys"), ("q", self.text.as_str()), ("status", status)];
        routes::with_query(routes::SECRETS, &parts)
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.status.is_none()
    }

    /// Whether a key is one of those looked for.
    pub fn matches(&self, key: &ApiKey, now: OffsetDateTime) -> bool {
        let text = self.text.trim().to_lowercase();
        let has = |place: &str| place.to_lowercase().contains(&text);
        self.status.is_none_or(|status| status == Status::of(key, now))
            && (has(&key.name)
                || has(&key.prefix)
                || key.overlap.as_ref().is_some_and(|old| has(&old.prefix))
                || key.scopes.iter().any(has)
                || key.created_by.as_deref().is_some_and(has))
    }
}

#[cfg(test)]
mod tests {
    use keyward_api::keys::Overlap;

    use super::*;
    use crate::keys::status::tests::{NOW, key};

    fn found(text: &str, key: &ApiKey) -> bool {
        Filter { text: text.to_owned(), status: None }.matches(key, NOW)
    }

    #[test]
    fn text_is_found_in_any_column_whatever_its_case() {
        let mut key = key("Production");
        key.created_by = Some("ada@example.com".to_owned());
        for text in ["", " ", "PROD", " duct ", "kw_ab3", "ada@"] {
            assert!(found(text, &key), "{text:?}");
        }
        assert!(!found("staging", &key));
        let prefix = "kw_Old12".to_owned();
        key.overlap = Some(Overlap { prefix, ends_at: NOW, last_used_at: None });
        assert!(found("old12", &key));
    }

    #[test]
    fn a_status_shows_only_its_own() {
        let mut key = key("a");
        let filter = Filter { text: String::new(), status: Some(Status::Disabled) };
        assert!(!filter.matches(&key, NOW));
        key.enabled = false;
        assert!(filter.matches(&key, NOW));
    }

    #[test]
    fn the_address_carries_the_filter_and_nothing_empty() {
        let filter = Filter::from_query("a b".into(), "expired");
        assert_eq!(filter.address(), "/settings/secrets?tab=keys&q=a%20b&status=expired");
        assert_eq!(Filter::default().address(), "/settings/secrets?tab=keys");
        assert!(Filter::from_query(String::new(), "nonsense").is_empty());
    }
}
