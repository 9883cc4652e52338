//! Every path of the page, and which path may be returned to after signing in.

use leptos::prelude::*;
use web_sys::UrlSearchParams;

use crate::context::context;
use crate::erased::memo;

/// Creates the first administrator.
pub const SETUP: &str = "/setup";
/// Signs in.
pub const LOGIN: &str = "/login";
/// Secrets and keys, where a person lands.
pub const SECRETS: &str = "/settings/secrets";
/// The data keys and their rotation.
pub const ENCRYPTION: &str = "/admin/encryption";
/// The audit log.
pub const AUDIT: &str = "/admin/audit";

/// A value of the query of the present address; empty when it has none of that name.
pub fn query_value(name: &'static str) -> Memo<String> {
    let query = context().location.query;
    memo(move || value_in(&query.read(), name))
}

/// A value of a query; empty when it has none of that name.
pub fn value_in(query: &str, name: &str) -> String {
    let values = UrlSearchParams::new_with_str(query);
    values.ok().and_then(|values| values.get(name)).unwrap_or_default()
}

/// Where to sign in and come back to `here`, a path with its query.
pub fn login_and_back_to(here: &str) -> String {
    if here == SECRETS { LOGIN.to_owned() } else { format!("{LOGIN}?next={}", encode(here)) }
}

/// The path to go to after signing in: `next` when it stays on this site.
///
/// `//host` and `/\host` are other sites to a browser, and so is `/<tab>/host`, since
/// it drops tabs and line breaks from an address.
pub fn after_login(next: &str) -> &str {
    let mut chars = next.chars();
    let stays = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.contains(char::is_control);
    if stays { next } else { SECRETS }
}

/// Percent-encodes a value of a query.
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

/// A path with the parts of a query that are not empty.
pub fn with_query(path: &str, parts: &[(&str, &str)]) -> String {
    let pairs = parts.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_this_site_is_returned_to() {
        assert_eq!(after_login("/settings/secrets?q=a"), "/settings/secrets?q=a");
        assert_eq!(after_login("/"), "/");
    }

    #[test]
    fn another_site_is_never_returned_to() {
        let evil =
            ["//x.test", "/\\x.test", "https://x.test", "x", "", "/\t/x.test", "/a\nb", " /a"];
        for next in evil {
            assert_eq!(after_login(next), SECRETS, "{next:?}");
        }
    }

    #[test]
    fn the_way_back_is_one_value_of_the_query() {
        assert_eq!(login_and_back_to("/a?b=c&d=é"), "/login?next=/a%3Fb%3Dc%26d%3D%C3%A9");
        assert_eq!(login_and_back_to(SECRETS), LOGIN);
    }

    #[test]
    fn empty_parts_of_a_query_are_left_out() {
        assert_eq!(with_query("/a", &[("q", ""), ("status", "")]), "/a");
        assert_eq!(with_query("/a", &[("q", "x y"), ("status", "off")]), "/a?q=x%20y&status=off");
    }
}
