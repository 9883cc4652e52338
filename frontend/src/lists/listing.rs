//! What is unlike between one list and another, and what follows from an address. Pure.

use crate::lists::key_in_text::prefix_of_key_in;
use crate::query::{value_in, with_query};
use crate::text::grouped;

/// Name and value of a part of a query.
pub type Part = (&'static str, String);

#[derive(Debug)]
pub struct Listing {
    /// The path in the address.
    pub path: &'static str,
    /// The value of `tab` in the address; empty for none.
    pub tab: &'static str,
    pub api: &'static str,
    /// Rows of one page.
    pub limit: u64,
    /// Search, filters and order, by their names in the address.
    pub fields: &'static [&'static str],
    /// The part of the query to the server for a field of the address; none for an invalid value.
    pub query_part: fn(&'static str, &str) -> Option<Part>,
    pub one: &'static str,
    pub many: &'static str,
    pub name: &'static str,
    /// Whether [`SEARCH`] finds a key by its first characters.
    pub finds_prefix: bool,
}

/// Sends a field as it stands in the address.
pub fn verbatim(field: &'static str, text: &str) -> Option<Part> {
    let text = text.trim();
    (!text.is_empty()).then(|| (field, text.to_owned()))
}

/// The field that searches.
pub const SEARCH: &str = "q";
pub const SORT: &str = "sort";

impl Listing {
    /// The fields in their order, then cursor and number of the first row unless it is the first
    /// page.
    pub fn address(&self, texts: &[String], cursor: &str, start: u64) -> String {
        let fields = self.fields.iter().zip(texts).map(|(name, text)| (*name, text.as_str()));
        let start = if cursor.is_empty() { String::new() } else { start.to_string() };
        let parts: Vec<_> = [("tab", self.tab)]
            .into_iter()
            .chain(fields)
            .chain([("cursor", cursor), ("start", start.as_str())])
            .collect();
        with_query(self.path, &parts)
    }

    /// What a field keeps of a text that holds a key; `None` when it holds none.
    pub fn without_key<'a>(&self, field: &str, text: &'a str) -> Option<&'a str> {
        let prefix = prefix_of_key_in(text)?;
        Some(if self.finds_prefix && field == SEARCH { prefix } else { "" })
    }

    /// What each field of an address holds, without any key.
    pub fn texts(&self, query: &str) -> Vec<String> {
        self.fields.iter().map(|field| self.text(query, field)).collect()
    }

    pub fn text(&self, query: &str, field: &str) -> String {
        let text = value_in(query, field);
        self.without_key(field, &text).map(str::to_owned).unwrap_or(text)
    }

    pub fn parts(&self, texts: &[String]) -> Vec<Part> {
        let fields = self.fields.iter().zip(texts);
        fields.filter_map(|(name, text)| (self.query_part)(name, text)).collect()
    }

    /// The path and query of a page.
    pub fn request_path(&self, texts: &[String], cursor: &str) -> String {
        let limit = self.limit.to_string();
        let parts = self.parts(texts);
        let own = parts.iter().map(|(name, text)| (*name, text.as_str()));
        let parts: Vec<_> = [("limit", limit.as_str())]
            .into_iter()
            .chain(own)
            .chain([("cursor", cursor)])
            .collect();
        with_query(self.api, &parts)
    }

    /// Whether a search or a filter is set.
    pub fn is_narrowed(&self, texts: &[String]) -> bool {
        self.fields.iter().zip(texts).any(|(name, text)| {
            *name != SORT && !text.trim().is_empty() && (self.query_part)(name, text).is_some()
        })
    }

    /// `1 key`, `98 431 keys`.
    pub fn counted(&self, number: u64) -> String {
        let of = if number == 1 { self.one } else { self.many };
        format!("{} {of}", grouped(number))
    }
}

/// `1 to 100 of 98 431`, as far as it is counted.
pub fn extent(start: u64, rows: u64, total: Option<u64>) -> String {
    let last = start + rows.saturating_sub(1);
    let shown = format!("{} to {}", grouped(start), grouped(last));
    match total {
        Some(total) => format!("{shown} of {}", grouped(total.max(last))),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: Listing = Listing {
        path: "/list",
        tab: "things",
        api: "/api/things",
        limit: 100,
        fields: &["q", "sort"],
        query_part: |field, text| match field {
            SORT if text.is_empty() => Some((SORT, "-createdAt".to_owned())),
            SORT if text != "name" => None,
            _ => verbatim(field, text),
        },
        one: "thing",
        many: "things",
        name: "Things",
        finds_prefix: true,
    };

    fn texts(q: &str, sort: &str) -> [String; 2] {
        [q.to_owned(), sort.to_owned()]
    }

    #[test]
    fn the_address_carries_what_is_looked_for_and_nothing_empty() {
        assert_eq!(LIST.address(&texts("", ""), "", 1), "/list?tab=things");
        assert_eq!(
            LIST.address(&texts("a b", "name"), "", 1),
            "/list?tab=things&q=a%20b&sort=name"
        );
        let third = "/list?tab=things&q=a&cursor=c&start=201";
        assert_eq!(LIST.address(&texts("a", ""), "c", 201), third);
    }

    #[test]
    fn the_server_is_asked_for_what_exists() {
        assert_eq!(
            LIST.request_path(&texts(" a ", ""), "c"),
            "/api/things?limit=100&q=a&sort=-createdAt&cursor=c"
        );
        assert_eq!(LIST.request_path(&texts("", "nonsense"), ""), "/api/things?limit=100");
    }

    #[test]
    fn an_order_narrows_nothing() {
        assert!(!LIST.is_narrowed(&texts(" ", "name")));
        assert!(LIST.is_narrowed(&texts("a", "")));
    }

    #[test]
    fn a_search_keeps_the_beginning_of_a_key_and_other_fields_nothing() {
        let pasted = "x-api-key: kw_Ab3dEfGhIjKlMn";
        assert_eq!(LIST.without_key(SEARCH, pasted), Some("kw_Ab3dE"));
        assert_eq!(LIST.without_key(SORT, pasted), Some(""));
        let other = Listing { finds_prefix: false, ..LIST };
        assert_eq!(other.without_key(SEARCH, pasted), Some(""));
        assert_eq!(LIST.without_key(SEARCH, "kw_Ab3dE"), None);
    }

    #[test]
    fn the_extent_of_a_page_is_counted_from_1_in_groups_of_three() {
        assert_eq!(extent(1, 100, Some(98_431)), "1 to 100 of 98\u{a0}431");
        let last = extent(98_401, 31, Some(98_431));
        assert_eq!(last, "98\u{a0}401 to 98\u{a0}431 of 98\u{a0}431");
        assert_eq!(extent(101, 2, Some(90)), "101 to 102 of 102");
        assert_eq!(extent(51, 50, None), "51 to 100");
        assert_eq!(LIST.counted(1), "1 thing");
        assert_eq!(LIST.counted(1204), "1\u{a0}204 things");
    }
}
