//! What handlers of keys ask for.

use http::Method;
use http::request::Parts;
use keyward_api::audit::Action;
use keyward_api::roles::Role;
use keyward_api::scopes::{self, KnownScope};

use crate::access::{Intent, Permission};

pub struct ReadKeys;

impl Permission for ReadKeys {
    const ROLE: Option<Role> = Some(Role::Viewer);
    const SCOPE: Option<KnownScope> = Some(scopes::KEYS_READ);
}

pub struct WriteKeys;

impl Permission for WriteKeys {
    const ROLE: Option<Role> = Some(Role::Editor);
    const SCOPE: Option<KnownScope> = Some(scopes::KEYS_WRITE);

    fn intent(parts: &Parts) -> Option<Intent> {
        let path = parts.uri.path();
        Intent::to(match parts.method {
            Method::PATCH => Action::KeyUpdate,
            Method::DELETE if path.ends_with("/overlap") => Action::KeyRetire,
            Method::DELETE => Action::KeyDelete,
            _ if path.ends_with("/rotate") => Action::KeyRotate,
            _ => Action::KeyCreate,
        })
    }
}

/// Asking about the keys of others: for back ends, so a session does not do.
pub struct VerifyKeys;

impl Permission for VerifyKeys {
    const ROLE: Option<Role> = None;
    const SCOPE: Option<KnownScope> = Some(scopes::KEYS_VERIFY);

    fn intent(_: &Parts) -> Option<Intent> {
        Intent::to(Action::KeyVerify)
    }
}
