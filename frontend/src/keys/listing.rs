//! Which keys the list shows, and in which order.

use keyward_api::key_list::{KeyConcern, KeyStatus};
use keyward_api::paths;

use crate::keys::order::order_of;
use crate::lists::listing::{Listing, Part, SORT, verbatim};
use crate::routes;

pub const ONLY: &str = "only";

pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "keys",
    api: paths::KEYS,
    limit: 100,
    fields: &["q", ONLY, "status", "scope", SORT],
    query_part,
    one: "key",
    many: "keys",
    name: "API keys",
    finds_prefix: true,
};

/// What the list may be narrowed to, in words. The last two are chosen by links alone.
const CONCERNS: [(KeyConcern, &str); 5] = [
    (KeyConcern::ExpiresSoon, "Expires within 7 days"),
    (KeyConcern::NeverExpires, "Never expires"),
    (KeyConcern::Unused, "Unused for 90 days"),
    (KeyConcern::Overlapping, "Old key still works"),
    (KeyConcern::WritesForever, "Never expires, may write"),
];
const ALWAYS_OFFERED: usize = 3;

/// The values and words to choose from; `named` is the one in the address.
pub fn concerns(named: &str) -> Vec<(&'static str, String)> {
    let offered = CONCERNS.iter().enumerate().filter_map(|(index, (concern, says))| {
        let value = concern.as_str();
        (index < ALWAYS_OFFERED || value == named).then(|| (value, (*says).to_owned()))
    });
    [("", "All".to_owned())].into_iter().chain(offered).collect()
}

fn query_part(field: &'static str, text: &str) -> Option<Part> {
    match field {
        SORT => Some((field, order_of(text).as_str().to_owned())),
        "status" if KeyStatus::try_from(text).is_err() => None,
        ONLY if KeyConcern::try_from(text).is_err() => None,
        _ => verbatim(field, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_path(texts: [&str; 5]) -> String {
        LISTING.request_path(&texts.map(str::to_owned), "")
    }

    #[test]
    fn the_server_is_asked_for_the_newest_first_unless_another_order_is_chosen() {
        assert_eq!(request_path([""; 5]), "/api/keys?limit=100&sort=-createdAt");
        assert_eq!(request_path(["", "", "", "", "nonsense"]), request_path([""; 5]));
        assert_eq!(
            request_path([" a b ", "unused", "expired", "orders:write", "used"]),
            "/api/keys?limit=100&q=a%20b&only=unused&status=expired&scope=orders%3Awrite&sort=-lastUsedAt"
        );
    }

    #[test]
    fn a_status_or_a_concern_that_does_not_exist_narrows_nothing() {
        assert_eq!(request_path(["", "nonsense", "nonsense", "", ""]), request_path([""; 5]));
        let texts = ["", "nonsense", "nonsense", "", "name"].map(str::to_owned);
        assert!(!LISTING.is_narrowed(&texts));
    }

    #[test]
    fn every_concern_that_an_address_names_is_in_the_list_to_choose_from() {
        let values = |named| concerns(named).into_iter().map(|(value, _)| value);
        assert_eq!(values("").collect::<Vec<_>>(), ["", "expires-soon", "never-expires", "unused"]);
        for concern in KeyConcern::ALL {
            assert!(values(concern.as_str()).any(|value| value == concern.as_str()));
        }
    }
}
