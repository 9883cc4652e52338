//! Every path of the page, and which path may be returned to after signing in.

use crate::query::encode;

pub const SETUP: &str = "/setup";
pub const LOGIN: &str = "/login";
pub const SECRETS: &str = "/settings/secrets";
pub const ENCRYPTION: &str = "/admin/encryption";
pub const AUDIT: &str = "/admin/audit";

/// The address that signs in and returns to `here`, a path with its query.
pub fn login_and_back_to(here: &str) -> String {
    if here == SECRETS { LOGIN.to_owned() } else { format!("{LOGIN}?next={}", encode(here)) }
}

/// `next` if it stays on this site. Browsers read `//host`, `/\host` and, since they drop tabs and
/// line breaks, `/<tab>/host` as another site.
pub fn after_login(next: &str) -> &str {
    let mut chars = next.chars();
    let stays = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.contains(char::is_control);
    if stays { next } else { SECRETS }
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
}
