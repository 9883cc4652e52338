//! Reading and writing the query of an address.

use web_sys::UrlSearchParams;

/// Empty when the query has no such value.
pub fn value_in(query: &str, name: &str) -> String {
    let values = UrlSearchParams::new_with_str(query);
    values.ok().and_then(|values| values.get(name)).unwrap_or_default()
}

pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Leaves out the parts that are empty.
pub fn with_query(path: &str, parts: &[(&str, &str)]) -> String {
    let pairs = parts.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn empty_parts_of_a_query_are_left_out() {
        assert_eq!(with_query("/a", &[("q", ""), ("status", "")]), "/a");
        assert_eq!(with_query("/a", &[("q", "x y"), ("status", "off")]), "/a?q=x%20y&status=off");
    }
}
