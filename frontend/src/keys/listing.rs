//! Which keys the list shows, and in which order.

use keyward_api::key_list::{KeySort, KeyStatus};
use keyward_api::paths;

use crate::lists::listing::{Listing, Part, verbatim};
use crate::routes;

pub const LISTING: Listing = Listing {
    path: routes::SECRETS,
    tab: "keys",
    api: paths::KEYS,
    limit: 100,
    fields: &["q", "status", "scope", "sort"],
    query_part,
    one: "key",
    many: "keys",
    name: "API keys",
};

/// In the address, to the server, in words. The newest key comes first: it is the one people look
/// for.
pub const ORDERS: [(&str, KeySort, &str); 5] = [
    ("", KeySort::Newest, "Newest"),
    ("oldest", KeySort::Oldest, "Oldest"),
    ("name", KeySort::Name, "Name"),
    ("used", KeySort::LastUsed, "Last used"),
    ("expiry", KeySort::Expiry, "Expiry"),
];

fn query_part(field: &'static str, text: &str) -> Option<Part> {
    match field {
        "sort" => {
            let order = ORDERS.iter().find(|(slug, ..)| text == *slug).or(ORDERS.first());
            order.map(|(_, order, _)| (field, order.as_str().to_owned()))
        }
        "status" if KeyStatus::try_from(text).is_err() => None,
        _ => verbatim(field, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request_path(texts: [&str; 4]) -> String {
        LISTING.request_path(&texts.map(str::to_owned), "")
    }

    #[test]
    fn the_server_is_asked_for_the_newest_first_unless_another_order_is_chosen() {
        assert_eq!(request_path([""; 4]), "/api/keys?limit=100&sort=-createdAt");
        assert_eq!(request_path(["", "", "", "nonsense"]), request_path([""; 4]));
        assert_eq!(
            request_path([" a b ", "expired", "orders:write", "used"]),
            "/api/keys?limit=100&q=a%20b&status=expired&scope=orders%3Awrite&sort=-lastUsedAt"
        );
    }

    #[test]
    fn a_status_that_does_not_exist_narrows_nothing() {
        assert_eq!(request_path(["", "nonsense", "", ""]), request_path([""; 4]));
        let texts = ["", "nonsense", "", "name"].map(str::to_owned);
        assert!(!LISTING.is_narrowed(&texts));
    }
}
