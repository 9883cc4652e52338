//! Every path of the page, and which path may be returned to after signing in.

use crate::query::encode;

pub const SETUP: &str = "/setup";
pub const LOGIN: &str = "/login";
pub const INVITATION: &str = "/invitation";
pub const ACCOUNT: &str = "/account";
pub const OVERVIEW: &str = "/";
pub const SECRETS: &str = "/settings/secrets";
/// What is at [`SECRETS`].
pub const KEYS: &str = "/settings/secrets?tab=keys";
/// With its form open.
pub const NEW_KEY: &str = "/settings/secrets?tab=keys&new=key";
pub const STORED_SECRETS: &str = "/settings/secrets?tab=secrets";
pub const PROVIDERS: &str = "/settings/secrets?tab=providers";
pub const ENCRYPTION: &str = "/admin/encryption";
pub const REPLICAS: &str = "/admin/replicas";
pub const AUDIT: &str = "/admin/audit";
pub const USERS: &str = "/admin/users";
/// What the program brings along to read, and not a page of this application.
pub const DOCS: &str = "/docs/";

/// The link of the navigation that leads to this address, or its path when none does.
pub fn of(path: &str, tab: &str) -> String {
    match (path, tab) {
        (SECRETS, "secrets") => STORED_SECRETS,
        (SECRETS, "providers") => PROVIDERS,
        (SECRETS, _) => KEYS,
        (path, _) => path,
    }
    .to_owned()
}

/// The address that signs in and returns to `here`, a path with its query.
pub fn login_and_back_to(here: &str) -> String {
    if here == OVERVIEW { LOGIN.to_owned() } else { format!("{LOGIN}?next={}", encode(here)) }
}

/// `next` if it stays on this site. Browsers read `//host`, `/\host` and, since they drop tabs and
/// line breaks, `/<tab>/host` as another site.
pub fn after_login(next: &str) -> &str {
    let mut chars = next.chars();
    let stays = chars.next() == Some('/')
        && !matches!(chars.next(), Some('/' | '\\'))
        && !next.contains(char::is_control);
    if stays { next } else { OVERVIEW }
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
    fn each_list_has_its_place_in_the_navigation() {
        assert_eq!(of(SECRETS, ""), KEYS);
        assert_eq!(of(SECRETS, "providers"), PROVIDERS);
        assert_eq!(of(AUDIT, ""), AUDIT);
        assert_eq!(of(OVERVIEW, "secrets"), OVERVIEW);
    }

    #[test]
    fn another_site_is_never_returned_to() {
        let evil =
            ["//x.test", "/\\x.test", "https://x.test", "x", "", "/\t/x.test", "/a\nb", " /a"];
        for next in evil {
            assert_eq!(after_login(next), OVERVIEW, "{next:?}");
        }
    }

    #[test]
    fn the_way_back_is_one_value_of_the_query() {
        assert_eq!(login_and_back_to("/a?b=c&d=é"), "/login?next=/a%3Fb%3Dc%26d%3D%C3%A9");
        assert_eq!(login_and_back_to(OVERVIEW), LOGIN);
    }
}
