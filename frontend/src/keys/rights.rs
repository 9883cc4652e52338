//! What a role may do to a key. Pure.

use keyward_api::keys::ApiKey;
use keyward_api::roles::Role;
use keyward_api::scopes::is_management;

/// Why an editor may not.
pub const ONLY_ADMIN: &str = "It manages Keyward, so only an admin may change it.";

/// Whether the key manages Keyward itself.
fn manages(key: &ApiKey) -> bool {
    key.scopes.iter().any(is_management)
}

/// Whether the role may change the key to something that can do as much or more. Deleting and
/// disabling it is any editor's.
pub fn may_change(role: Role, key: &ApiKey) -> bool {
    role == Role::Admin || role == Role::Editor && !manages(key)
}

#[cfg(test)]
mod tests {
    use keyward_api::scopes::{Scope, Scopes};

    use super::*;
    use crate::keys::status::tests::key;

    #[test]
    fn only_an_admin_changes_a_key_that_manages_keyward() {
        let with = |scope: &str| {
            let scopes = Scopes::try_from(vec![Scope::new(scope.to_owned()).unwrap()]).unwrap();
            ApiKey { scopes, ..key("a") }
        };
        for (scope, may) in [
            ("secrets:read", [false, true, true]),
            ("keys:verify", [false, true, true]),
            ("keys:read", [false, false, true]),
            ("keys:write:ci-*", [false, false, true]),
            ("audit:read", [false, false, true]),
        ] {
            assert_eq!(Role::ALL.map(|role| may_change(role, &with(scope))), may, "{scope}");
        }
    }
}
