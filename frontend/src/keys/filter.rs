//! Which keys the list shows, and in which order.

use keyward_api::key_list::{KeySort, KeyStatus};
use keyward_api::paths;

use crate::pages::listing::{Listing, Part, as_it_is};
use crate::routes;

/// The list of keys.
pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "keys",
    api: paths::KEYS,
    limit: 100,
    fields: &["q", "status", "scope", "sort"],
    ask,
    one: "key",
    many: "keys",
    name: "API keys",
};

/// The orders: in the address, to the server, in words. The key somebody has just made is
/// the one they look for, so it comes first unless another order is chosen.
pub const ORDERS: [(&str, KeySort, &str); 5] = [
    ("", KeySort::Newest, "Newest"),
    ("oldest", KeySort::Oldest, "Oldest"),
    ("name", KeySort::Name, "Name"),
    ("used", KeySort::LastUsed, "Last used"),
    ("expiry", KeySort::Expiry, "Expiry"),
];

fn ask(field: &'static str, text: &str) -> Option<Part> {
    match field {
        "sort" => {
            let order = ORDERS.iter().find(|(slug, ..)| text == *slug).or(ORDERS.first());
            order.map(|(_, order, _)| (field, order.as_str().to_owned()))
        }
        "status" if KeyStatus::try_from(text).is_err() => None,
        _ => as_it_is(field, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(texts: [&str; 4]) -> String {
        LISTING.question(&texts.map(str::to_owned), "")
    }

    #[test]
    fn the_server_is_asked_for_the_newest_first_unless_another_order_is_chosen() {
        assert_eq!(question([""; 4]), "/api/keys?limit=100&sort=-createdAt");
        assert_eq!(question(["", "", "", "nonsense"]), question([""; 4]));
        assert_eq!(
            question([" a b ", "expired", "orders:write", "used"]),
            "/api/keys?limit=100&q=a%20b&status=expired&scope=orders%3Awrite&sort=-lastUsedAt"
        );
    }

    #[test]
    fn a_status_that_does_not_exist_narrows_nothing() {
        assert_eq!(question(["", "nonsense", "", ""]), question([""; 4]));
        let texts = ["", "nonsense", "", "name"].map(str::to_owned);
        assert!(!LISTING.is_narrowed(&texts));
    }
}
