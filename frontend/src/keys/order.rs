//! The order of the list, as it is chosen by a heading or from a list. Pure.

use keyward_api::key_list::KeySort;

/// In the address, to the server, in words. The newest key comes first: it is the one people look
/// for.
pub const ORDERS: [(&str, KeySort, &str); 5] = [
    ("", KeySort::Newest, "Newest"),
    ("oldest", KeySort::Oldest, "Oldest"),
    ("name", KeySort::Name, "Name"),
    ("used", KeySort::LastUsed, "Last used"),
    ("expiry", KeySort::Expiry, "Expiry"),
];

/// An order that does not exist is the first.
pub fn order_of(slug: &str) -> KeySort {
    let order = ORDERS.iter().find(|(known, ..)| slug == *known);
    order.map_or(KeySort::Newest, |(_, order, _)| *order)
}

/// A column of the table, and the orders that its heading leads through: in the address, and as
/// `aria-sort` calls them.
pub struct Column {
    pub name: &'static str,
    pub class: &'static str,
    orders: &'static [(&'static str, &'static str)],
}

const fn column(
    name: &'static str,
    class: &'static str,
    orders: &'static [(&'static str, &'static str)],
) -> Column {
    Column { name, class, orders }
}

pub const COLUMNS: [Column; 8] = [
    column("Name", "cell-name", &[("name", "ascending")]),
    column("Key", "cell-key", &[]),
    column("Scopes", "cell-scopes", &[]),
    column("Created", "cell-created", &[("", "descending"), ("oldest", "ascending")]),
    column("Last used", "cell-used", &[("used", "descending")]),
    column("Expires", "cell-expires", &[("expiry", "ascending")]),
    column("Status", "cell-status", &[]),
    column("Actions", "cell-actions", &[]),
];

impl Column {
    pub fn sorts(&self) -> bool {
        !self.orders.is_empty()
    }

    /// `aria-sort`, when the list is in an order of this column.
    pub fn direction(&self, slug: &str) -> Option<&'static str> {
        Some(self.orders[self.position(slug)?].1)
    }

    /// What the heading changes the order to; at its end back to that which needs no choice.
    pub fn next(&self, slug: &str) -> &'static str {
        let next = self.position(slug).map_or(0, |position| position + 1);
        self.orders.get(next).map_or("", |(slug, _)| *slug)
    }

    fn position(&self, slug: &str) -> Option<usize> {
        let order = order_of(slug);
        self.orders.iter().position(|(slug, _)| order_of(slug) == order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_sorts_and_then_returns_to_the_newest_first() {
        let walk = |name: &str, mut slug: &'static str| {
            let column = COLUMNS.iter().find(|column| column.name == name).unwrap();
            let steps = (0..2).map(|_| {
                slug = column.next(slug);
                (slug, column.direction(slug))
            });
            steps.collect::<Vec<_>>()
        };
        assert_eq!(walk("Name", ""), [("name", Some("ascending")), ("", None)]);
        assert_eq!(walk("Last used", "name"), [("used", Some("descending")), ("", None)]);
        let created = [("oldest", Some("ascending")), ("", Some("descending"))];
        assert_eq!(walk("Created", ""), created);
        assert_eq!(walk("Created", "nonsense"), created);
    }

    #[test]
    fn every_order_of_a_heading_is_one_of_the_list() {
        for (slug, _) in COLUMNS.iter().flat_map(|column| column.orders) {
            assert!(ORDERS.iter().any(|(known, ..)| known == slug), "{slug}");
        }
    }
}
